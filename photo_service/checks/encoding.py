"""The file and its pixel grid: size, shape, colour mode, true resolution, proportions."""

from __future__ import annotations

import math

import numpy as np

from photo_service import detail
from photo_service.check import Band, Outcome, Status, check, graded
from photo_service.features import CHIN, LEFT_IRIS, RIGHT_IRIS, Features, FloatImage

READABLE_FORMATS = ("jpeg", "png")
MEBIBYTE = 1024 * 1024


@check("encoding/readable", codes=())
def readable(features: Features) -> Outcome:
    """One whole png or jpeg picture.

    Wants: the bytes are a complete png or jpeg file, whatever the file's name says.
    Why: the portal takes png, jpg and jpeg; a damaged file would leave the certificate blank.
    Measured: decided at intake, by content; this check can only pass. A file that is refused
        there gets a report with this id and one of `photo_service.image.INPUT_CODES`.
    Blind spots: a file may be whole and still show a damaged picture saved anew.
    Source: graduation procedure, item 4, note 3.
    """
    return Outcome(Status.PASS, value=features.photo.format, allowed=READABLE_FORMATS)


@check("encoding/file_size", codes=("file-over-limit",))
def file_size(features: Features, *, size: Band) -> Outcome:
    """A file smaller than the portal's limit.

    Wants: fewer bytes than the limit: 2 M for a photo (2 × 1024 × 1024, exclusive), 3 M for a
        certificate.
    Why: the portal refuses larger files at upload.
    Measured: length of the file in bytes.
    Blind spots: none.
    Source: graduation procedure, item 4, note 3; exemption procedure, step 4.
    """
    size_bytes = features.photo.byte_size
    most = size.accept.max or 0.0
    facts = {"megabytes": size_bytes / MEBIBYTE, "limit": (most + 1) / MEBIBYTE}
    return graded(size_bytes, size, unit="bytes", high="file-over-limit", facts=facts)


@check("encoding/pixel_width", codes=("width-few", "width-many"))
def pixel_width(features: Features, *, width: Band) -> Outcome:
    """Enough pixels across.

    Wants: at least 295 px (strict: exactly 480).
    Why: fewer pixels print blurred on the certificate.
    Measured: width of the upright picture in pixels.
    Blind spots: a small picture blown up; see encoding/true_resolution.
    Source: national specification: 480 × 640; the lower limit is our default.
    """
    return graded(features.photo.width, width, unit="px", low="width-few", high="width-many")


@check("encoding/pixel_height", codes=("height-few", "height-many"))
def pixel_height(features: Features, *, height: Band) -> Outcome:
    """Enough pixels down.

    Wants: at least 413 px (strict: exactly 640).
    Why: fewer pixels print blurred on the certificate.
    Measured: height of the upright picture in pixels.
    Blind spots: a small picture blown up; see encoding/true_resolution.
    Source: national specification: 480 × 640; the lower limit is our default.
    """
    return graded(features.photo.height, height, unit="px", low="height-few", high="height-many")


@check("encoding/aspect", codes=("aspect-narrow", "aspect-wide"))
def aspect(features: Features, *, ratio: Band) -> Outcome:
    """The shape of a portrait, 3 : 4.

    Wants: width ÷ height near 0.75.
    Why: another shape must be cut or squeezed to fit the certificate.
    Measured: width ÷ height of the upright picture.
    Blind spots: says nothing of a picture that was squeezed to 3 : 4; see encoding/proportions.
    Source: national specification: 480 × 640.
    """
    width, height = features.photo.width, features.photo.height
    # What to cut: the part that is too much on the longer side.
    facts = {"cut_width": width - round(height * 0.75), "cut_height": height - round(width / 0.75)}
    return graded(
        width / height, ratio, unit="", low="aspect-narrow", high="aspect-wide", facts=facts
    )


@check("encoding/colour_mode", codes=("mode-unusual",))
def colour_mode(features: Features, *, modes: tuple[str, ...]) -> Outcome:
    """Pixels stored as red, green and blue.

    Wants: an RGB picture.
    Why: the certificate register takes 24-bit colour; a palette or printing inks alter colours.
    Measured: colour mode as stored in the file.
    Blind spots: an RGB file can still show a grey picture; see lighting/in_colour.
    Source: national specification: 24-bit colour.
    """
    mode = features.photo.mode
    passed = mode in modes
    return Outcome(
        Status.PASS if passed else Status.FAIL,
        "ok" if passed else "mode-unusual",
        value=mode,
        allowed=modes,
        certain=False,
    )


@check("encoding/bit_depth", codes=("depth-low", "depth-high"))
def bit_depth(features: Features, *, bits: Band) -> Outcome:
    """Eight bits a channel.

    Wants: 8 bits for each colour channel.
    Why: the register takes 24-bit colour; deeper files are reduced, shallower ones show steps.
    Measured: bits per channel as stored.
    Blind spots: none.
    Source: national specification: 24-bit colour.
    """
    depth = features.photo.bit_depth
    return graded(depth, bits, unit="bit", low="depth-low", high="depth-high")


@check("encoding/opaque", codes=("transparent-parts",))
def opaque(features: Features) -> Outcome:
    """A picture without transparent parts.

    Wants: every pixel opaque.
    Why: transparent parts mean that the background was cut away with software, and each program
        shows something else in its place. We look at the picture on white.
    Measured: whether any pixel's opacity is below full.
    Blind spots: a background replaced and saved without transparency.
    Source: national specification (24-bit colour); SEED clause against transforming the picture.
    """
    used = features.photo.alpha_used
    status = Status.FAIL if used else Status.PASS
    return Outcome(status, "transparent-parts" if used else "ok", certain=False)


@check("encoding/true_resolution", codes=("detail-enlarged",))
def true_resolution(features: Features, *, enlargement: Band) -> Outcome:
    """As much detail as the pixel count promises.

    Wants: a picture that was not blown up from a smaller one.
    Why: enlarged pixels carry no detail: the face is soft in print however many pixels there are.
    Measured: `enlargement`, the factor by which the face could be shrunk and lose nothing: at
        scales 2, 4 and 8 the detail that vanishes on shrinking is compared with the detail that
        vanishes on shrinking twice as far. 1 means detail down to the pixel. Made enlargements
        of 1.6, 2, 3 and 4 × read 1.7, 1.9, 2.9 and 4 on the median.
    Blind spots: cannot tell an enlarged picture from one out of focus; noise or halos added
        after enlarging hide it.
    Source: our own measurement on the scale-space idea of Zhang et al., "Image upscaling
        detection" family; figures in docs/accuracy.md.
    """
    value = detail.enlargement(features.face_crop)
    shown = round(features.photo.width / value), round(features.photo.height / value)
    facts = {"true_width": shown[0], "true_height": shown[1]}
    return graded(value, enlargement, unit="x", high="detail-enlarged", facts=facts)


@check("encoding/proportions", codes=("stretched-tall", "stretched-wide"))
def proportions(features: Features, *, stretch: Band) -> Outcome:
    """A face of natural proportions.

    Wants: the picture was cropped, not stretched, to its shape.
    Why: 无明显畸变: stretching alters the person's looks.
    Measured: `stretch`, estimated width ÷ height distortion: face width over the distance from
        eyes to chin, and the shape of the irises, which are round in everyone; a log-linear fit
        on pictures stretched 0.7 to 1.4 × (standard deviation on other people 0.04).
    Blind spots: faces vary, so distortion below about 10 % cannot be seen; a turned head or a
        wide-angle lens narrows or widens the face.
    Source: graduation procedure, item 4, note 2 (3); fit in docs/accuracy.md.
    """
    geometry, points = features.geometry, features.face.points
    eyes = (np.array(geometry.left_eye) + np.array(geometry.right_eye)) / 2
    to_chin = max(float(np.hypot(*(points[CHIN, :2] - eyes))), 1.0)
    face_shape = max(geometry.width, 1.0) / to_chin
    iris = (_iris_shape(points, LEFT_IRIS) + _iris_shape(points, RIGHT_IRIS)) / 2
    value = math.exp(-0.185 + 0.54 * math.log(face_shape) + 0.60 * math.log(iris))
    facts = {"percent": 100 * abs(value - 1)}
    return graded(
        value, stretch, unit="x", low="stretched-tall", high="stretched-wide", facts=facts
    )


def _iris_shape(points: FloatImage, centre: int) -> float:
    """Width ÷ height of one iris from its four rim points."""
    rim = points[centre + 1 : centre + 5, :2]
    across = float(np.hypot(*(rim[0] - rim[2])))
    down = float(np.hypot(*(rim[1] - rim[3])))
    return max(across, 0.5) / max(down, 0.5)


@check("encoding/density", codes=("density-low",))
def density(features: Features, *, dpi: Band) -> Outcome:
    """300 dots per inch noted in the file.

    Wants: a density of 300 dpi in the file.
    Why: the national text asks for it; it changes no pixel, so it is only noted.
    Measured: the smaller of the horizontal and vertical density the file states.
    Blind spots: says nothing about the picture itself.
    Source: national specification.
    """
    stated = features.photo.metadata.dpi
    if stated is None:
        return Outcome(Status.SKIP, "density-unstated")
    return graded(min(stated), dpi, unit="dpi", low="density-low")


@check("encoding/jpeg_quality", codes=("quality-low",))
def jpeg_quality(features: Features, *, quality: Band) -> Outcome:
    """JPEG quality of 60 or more.

    Wants: a JPEG saved at quality 60 or better.
    Why: the national text asks for it; what can be seen of it is judged by
        sharpness/no_blocking, so the number is only noted.
    Measured: quality on libjpeg's scale, estimated from the quantisation table.
    Blind spots: the last save only; earlier, coarser saves do not show here.
    Source: national specification.
    """
    jpeg = features.photo.metadata.jpeg
    if jpeg is None:
        return Outcome(Status.SKIP, "not-jpeg")
    return graded(jpeg.quality, quality, unit="", low="quality-low")
