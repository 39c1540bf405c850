"""Left and right as in life: what the file, its preview, its past and another photo say."""

from __future__ import annotations

from dataclasses import replace

from photo_service.check import Band, Outcome, Range, Status, check, graded
from photo_service.errors import CannotAssess
from photo_service.features import Features

_MIRRORED_TAGS = frozenset({2, 4, 5, 7})


@check("mirroring/orientation_plain", codes=("orientation-mirrored",))
def orientation_plain(features: Features) -> Outcome:
    """No note in the file that mirrors the picture.

    Wants: an orientation that leaves the picture as stored or turns it.
    Why: 禁止对图像整体或局部进行镜像…变换操作.
    Measured: EXIF Orientation. 2, 4, 5 and 7 mirror, and no camera in public collections writes
        them (8 of 390 files, all made for tests); 3, 6 and 8 turn, as every phone does, and pass.
        The picture is judged as shown, so the tag has been applied.
    Blind spots: a picture mirrored in its pixels, which is the usual way.
    Source: CIPA DC-008, tag 0x0112; graduation procedure, item 4, note 2 (2).
    """
    tag = features.photo.metadata.orientation
    if tag not in _MIRRORED_TAGS:
        return Outcome(Status.PASS, value=tag)
    return Outcome(Status.FAIL, "orientation-mirrored", value=tag)


@check("mirroring/thumbnail_straight", codes=("thumbnail-mirrored",))
def thumbnail_straight(features: Features, *, agreement: Range, lead: Band) -> Outcome:
    """A preview that shows the same side left.

    Wants: the small preview in the file not to be the picture's mirror image.
    Why: 禁止对图像整体或局部进行镜像…变换操作; simple programs flip the picture and forget the
        preview. It is the only sign of a flip without loss.
    Measured: `lead`, correlation of the picture with the mirrored preview minus that with the
        preview itself (64 × 64 luma, best of four turns), where the better of the two reaches
        `agreement`; figures by split in docs/authenticity.md. Never certain.
    Blind spots: no preview (most sent and edited files); a preview made anew; pictures whose halves
        look alike.
    Source: our measurement.
    """
    match = features.thumbnail
    if match.mirrored not in agreement:
        # Neither fits, or the straight one does.
        return Outcome(Status.PASS, value=match.mirrored - match.straight, allowed=lead.accept)
    facts = {"straight": match.straight, "mirrored": match.mirrored}
    found = graded(
        match.mirrored - match.straight, lead, unit="", high="thumbnail-mirrored", facts=facts
    )
    return replace(found, certain=False)


@check("mirroring/grid_straight", codes=("grid-mirrored",))
def grid_straight(features: Features, *, margin: Band) -> Outcome:
    """No trace of an earlier save where mirroring would put it.

    Wants: no JPEG grid of an earlier save that ends at the right edge instead of starting left.
    Why: 禁止对图像整体或局部进行镜像…变换操作.
    Measured: `margin`, how far the trace of a coarser save at the offset (0, width mod 8) stands
        out over every other offset, in standard deviations. Figures by first and second quality in
        docs/authenticity.md: nearly all are found where the second save is finer or a PNG. Never
        certain: a horizontal crop by a matching number of pixels looks the same, one in eight.
    Blind spots: a width divisible by 8 (480!); any change of size afterwards; a second save coarser
        than the first; pictures decoded at reduced size; a flip without loss; cameras that mirror
        before they first save.
    Source: photo_service/forensics.py.
    """
    if features.photo.scale == 1 and _stored_width(features) % 8 == 0:
        raise CannotAssess("grid-blind")
    found = features.grid
    mirrored = found.peak == found.mirrored_offset
    value = found.margin if mirrored else 0.0
    facts = {"quality": int(found.quality[found.peak]), "columns": found.width % 8}
    return replace(graded(value, margin, unit="", high="grid-mirrored", facts=facts), certain=False)


def _stored_width(features: Features) -> int:
    photo = features.photo
    return photo.height if photo.metadata.orientation >= 5 else photo.width


@check("mirroring/reference_straight", codes=("reference-mirrored",))
def reference_straight(features: Features, *, lead: Band, likeness: Range) -> Outcome:
    """The same side left as in the photo on file.

    Wants: the face to agree with a photo on file as it is, not mirrored.
    Why: 禁止对图像整体或局部进行镜像…变换操作; faces and partings are not symmetric.
    Measured: `lead`, correlation of the mirrored face with the photo on file minus that of the face
        as it is: local contrast of the aligned faces (200 × 160), so that light from one side does
        not count. Judged only where the better one is at least `likeness`: else it may be another
        person, or hair and expression differ too much. Figures in docs/authenticity.md. Never
        certain.
    Blind spots: the photo on file may itself be mirrored; very symmetric faces; a parting worn on
        the other side; faces below about 90 px. Needs a photo on file.
    Source: our measurement.
    """
    match = features.reference
    if max(match.straight, match.mirrored) not in likeness:
        raise CannotAssess("reference-unlike")
    facts = {"straight": match.straight, "mirrored": match.mirrored}
    found = graded(
        match.mirrored - match.straight,
        lead,
        unit="",
        high="reference-mirrored",
        region=features.geometry.box,
        facts=facts,
    )
    return replace(found, certain=False)
