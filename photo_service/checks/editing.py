"""Traces of editing: filtered skin, changed parts, replaced background, crops, repeated saves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from photo_service.check import Band, Outcome, Region, Status, check, graded
from photo_service.errors import CannotAssess
from photo_service.features import Features
from photo_service.forensics import Ghost, smoothing


@check("editing/skin_texture", codes=("skin-smoothed",))
def skin_texture(features: Features, *, filtering: Band) -> Outcome:
    """Skin with its own texture.

    Wants: pores and fine shading as a camera records them.
    Why: 不得对人像特征（如伤疤、痣、发型等）进行技术处理.
    Measured: `filtering`, log-odds of strong smoothing by a logistic fit of eleven numbers: fine
        against coarse detail of the skin, skin against the eyes, spottiness, the file's own
        compression. Fitted and tested with five smoothing filters on other people's portraits;
        rates in docs/authenticity.md. Never certain.
    Blind spots: mild beautifying cannot be seen: at half strength one in ten is found.
        Make-up, a denoising camera and soft light read smoother.
    Source: our measurement.
    """
    found = graded(
        smoothing(features.skin_numbers),
        filtering,
        unit="",
        high="skin-smoothed",
        region=features.geometry.box,
    )
    return replace(found, certain=False)


@check("editing/no_local_change", codes=("region-differs",))
def no_local_change(features: Features, *, share: Band) -> Outcome:
    """No part that lacks the rest's history.

    Wants: where the picture shows an earlier JPEG save, all of it shows that save.
    Why: 禁止对图像整体或局部进行…变换操作; what was painted or pasted after that save lacks it.
    Measured: `share`, percent of the judged 8 × 8 blocks in the largest patch whose coefficients
        are no multiples of the earlier save's steps. Rates in docs/authenticity.md. Never certain.
    Blind spots: readable only where the first save was coarser than a second one of quality 90 or
        more (or a PNG) and the picture was neither moved nor resized between; small touches;
        plain parts; parts saved alike.
    Source: photo_service/forensics.py; after Farid 2009 (doi:10.1109/TIFS.2008.2012215).
    """
    found = features.ghost
    graded_share = graded(
        found.share,
        share,
        unit="%",
        high="region-differs",
        region=_patch_region(found) if _as_shown(features) else None,
        facts={"quality": found.quality},
    )
    return replace(graded_share, certain=False)


def _as_shown(features: Features) -> bool:
    """Whether blocks as stored lie where they are shown."""
    return features.photo.metadata.orientation == 1


def _patch_region(ghost: Ghost) -> Region | None:
    rows, columns = np.nonzero(ghost.patch)
    if rows.size == 0:
        return None
    x, y = 8.0 * float(columns.min()), 8.0 * float(rows.min())
    return x, y, 8.0 * float(columns.max() + 1) - x, 8.0 * float(rows.max() + 1) - y


@check("editing/backdrop_natural", codes=("backdrop-constant",), needs=("person",))
def backdrop_natural(features: Features, *, flat: Band, quality: float) -> Outcome:
    """A background as a camera records it.

    Wants: some noise and falling light behind the person.
    Why: a background of one value has been painted in; studios do so and the rule allows it for
        none of the colours, so it is only told.
    Measured: `flat`, percent of the background's 8 × 8 blocks whose brightness varies by at most
        two levels; only in a PNG or a JPEG of at least `quality`, as coarser saves flatten every
        plain wall. Figures in docs/authenticity.md. Never certain.
    Blind spots: replaced backgrounds with noise or a gradient; overexposed white walls, which read
        the same.
    Source: our measurement.
    """
    jpeg = features.photo.metadata.jpeg
    if jpeg is not None and jpeg.quality < quality:
        raise CannotAssess("table-coarse")
    found = graded(features.flat_background, flat, unit="%", high="backdrop-constant")
    return replace(found, certain=False)


@check("editing/not_cropped", codes=("grid-shifted", "size-other"))
def not_cropped(features: Features, *, margin: Band) -> Outcome:
    """Not cropped after an earlier save.

    Wants: nothing; cropping to 3:4 is what a studio does. It is told because it explains other
        traces.
    Why: 禁止对图像整体或局部进行…变换操作, read with the prescribed size in mind.
    Measured: `margin`, how far the trace of a coarser save stands out at an offset other than
        mirroring's, in standard deviations; and whether EXIF states another size. Figures in
        docs/authenticity.md. Never certain.
    Blind spots: crops by multiples of 8; changes of size afterwards; programs that leave or renew
        the size in EXIF as they like.
    Source: photo_service/forensics.py.
    """
    photo = features.photo
    stated = photo.metadata.stated_size
    size_differs = stated is not None and set(stated) != {photo.width, photo.height}
    try:
        traces = features.grid
    except CannotAssess:
        if not size_differs:
            raise
        return _stated_otherwise(features)
    mirrored = traces.mirrored_offset
    shifted = traces.margin if traces.peak != mirrored else 0.0
    found = graded(
        shifted,
        margin,
        unit="",
        high="grid-shifted",
        facts={
            "quality": int(traces.quality[traces.peak]),
            "columns": -traces.peak[1] % 8,
            "rows": -traces.peak[0] % 8,
        },
    )
    if found.status is Status.PASS and size_differs:
        return _stated_otherwise(features)
    return replace(found, certain=False)


def _stated_otherwise(features: Features) -> Outcome:
    stated = features.photo.metadata.stated_size
    assert stated is not None
    facts = {"width": stated[0], "height": stated[1]}
    return Outcome(Status.FAIL, "size-other", certain=False, facts=facts)


@check("editing/saved_once", codes=("saved-again",))
def saved_once(features: Features, *, strength: Band, quality: float) -> Outcome:
    """Saved once.

    Wants: nothing; honest pictures are saved again. It is told because it dates other traces.
    Why: what was done between two saves is not in the last one.
    Measured: `strength`, how far a coarser save at the file's own grid stands out, in standard
        deviations; only in a PNG or a JPEG of at least `quality`. Figures in docs/authenticity.md.
        Never certain.
    Blind spots: a second save coarser than the first; own tables of cameras and of Photoshop,
        which fit standard ones only roughly.
    Source: photo_service/forensics.py.
    """
    traces = features.grid
    if traces.own is not None and traces.own < quality:
        raise CannotAssess("table-coarse")
    found = graded(
        float(traces.contrast[0, 0]),
        strength,
        unit="",
        high="saved-again",
        facts={"quality": int(traces.quality[0, 0])},
    )
    return replace(found, certain=False)


@check("editing/preview_agrees", codes=("preview-differs",))
def preview_agrees(features: Features, *, agreement: Band) -> Outcome:
    """A preview of the same picture.

    Wants: the small preview in the file to show what the picture shows.
    Why: programs that change a picture often leave the preview of before.
    Measured: `agreement`, correlation of picture and preview, the better of straight and mirrored
        (64 × 64 luma, best of four turns). 21 of 173 files from public collections that were
        believed untouched disagree, so it is only told. Never certain.
    Blind spots: no preview; a preview made anew; small changes.
    Source: our measurement.
    """
    match = features.thumbnail
    value = max(match.straight, match.mirrored)
    return replace(graded(value, agreement, unit="", low="preview-differs"), certain=False)
