"""A scan or photo of a page: whole, upright, readable, and the certificate the candidate chose."""

from __future__ import annotations

from dataclasses import replace

from photo_service import detail
from photo_service.card.compare import plain_name
from photo_service.check import Band, Outcome, Range, Status, check, graded, worst
from photo_service.document import kinds
from photo_service.document.page import Page
from photo_service.errors import CannotAssess
from photo_service.features import Features


@check("document/resolution", codes=("resolution-low",))
def resolution(features: Features, *, long_side: Band, short_side: Band) -> Outcome:
    """More pixels than 800 × 600.

    Wants: the longer side above 800 px and the shorter above 600 px, whichever way it lies.
    Why: 照片分辨率大于800*600.
    Measured: `long_side` and `short_side` of the upright picture in pixels. 800 × 600 itself is
        not above it.
    Blind spots: says nothing of what the pixels show; see document/real_detail, document/near.
    Source: exemption procedure (SEED 003), step 4.
    """
    photo = features.photo
    facts = {"width": photo.width, "height": photo.height}
    sides = (
        (max(photo.width, photo.height), long_side),
        (min(photo.width, photo.height), short_side),
    )
    return worst(
        *(graded(side, band, unit="px", low="resolution-low", facts=facts) for side, band in sides)
    )


@check("document/real_detail", codes=("detail-upscaled",))
def real_detail(
    features: Features, *, size: Band, sharp: Range, edge: Range, native_edge: float
) -> Outcome:
    """Detail of more than 800 × 600 pixels.

    Wants: a picture that was not blown up from one below the limit.
    Why: 照片分辨率大于800*600, 确保证书照片清晰: enlarged pixels carry no print.
    Measured: `size`, how many times the picture's real size is 800 × 600, by the side that is
        nearer to it. The real size is the pixel size over the factor by which the part with the
        most print could be shrunk and lose nothing; see encoding/true_resolution. Where its
        strokes' edges are wider than `edge`, pixels, it is at least their width over that of a
        small picture's own, `native_edge`: what was saved as JPEG before it was enlarged has false
        detail. Print that is `sharp` (see document/text_sharp), with narrow edges, was not blown
        up.
    Blind spots: cannot tell an enlarged picture from one out of focus.
    Source: exemption procedure (SEED 003), step 4; our measurement.
    """
    page = _with_text(features)
    is_narrow = page.print.edge in edge
    factor = 1.0
    if not is_narrow or page.print.blur not in sharp:
        factor = detail.enlargement(page.finest)
    if not is_narrow:
        factor = max(factor, page.print.edge / native_edge)
    width, height = features.width / factor, features.height / factor
    real = min(max(width, height) / 800, min(width, height) / 600)
    facts = {"true_width": round(width), "true_height": round(height)}
    return graded(real, size, unit="x", low="detail-upscaled", facts=facts)


@check("document/page_found", codes=("page-none",))
def page_found(features: Features, *, lines: int, paper: Range) -> Outcome:
    """A page of paper.

    Wants: a certificate or another page in the picture.
    Why: 上传相应的证书照片.
    Measured: lines of text in the picture, or else `paper`, percent of the picture that a pale
        even area covers. Fewer than `lines` lines and less paper: no page.
    Blind spots: a white wall passes for an empty page, which document/written names.
    Source: exemption procedure (SEED 003), step 4.
    """
    page = features.document
    count = len(page.lines)
    share = 0.0 if page.sheet is None else page.sheet.share
    if count >= lines or (share in paper and page.sheet is not None):
        return Outcome(Status.PASS, value=share, unit="%", allowed=paper)
    return Outcome(
        Status.FAIL, "page-none", value=share, unit="%", allowed=paper, certain=count == 0
    )


@check("document/near", codes=("page-far",))
def near(features: Features, *, share: Band) -> Outcome:
    """The page fills the picture.

    Wants: the page, not the table, in most of the picture.
    Why: 照片分辨率大于800*600: pixels of the table do not count.
    Measured: `share`, how large the page is, percent of the largest of its shape that the picture
        could hold: a page that lies across an upright picture from side to side has 100. Where the
        paper cannot be told from what it lies on, of the print with a margin around it.
    Blind spots: a small page with little print on paper of its own colour reads as one large page.
    Source: exemption procedure (SEED 003), step 4; our default.
    """
    page = _with_text(features)
    return graded(page.share, share, unit="%", low="page-far", region=page.box)


@check("document/whole", codes=("page-cut-off",))
def whole(features: Features, *, lines: Band, marks: Band) -> Outcome:
    """The whole page in the picture.

    Wants: no print, ornament or seal that runs over the picture's border.
    Why: what is cut off cannot be read.
    Measured: `lines` of print whose letters reach the picture's border; `marks`, strokes that
        differ from the paper beside them and run over the border.
    Blind spots: a margin cut off without print; print cut between two lines.
    Source: exemption procedure (SEED 003), step 4: 确保证书照片清晰.
    """
    page = _with_text(features)
    cut = page.lines_at_border
    region = page.around(cut) if cut else None
    return worst(
        graded(len(cut), lines, unit="", high="page-cut-off", region=region),
        graded(page.marks_at_border, marks, unit="", high="page-cut-off"),
    )


@check("document/upright", codes=("page-turned",))
def upright(features: Features) -> Outcome:
    """Text the right way up.

    Wants: lines that read from left to right without turning the picture.
    Why: staff read it on a screen.
    Measured: the longest lines are read as they lie and turned; the way in which they read is
        told. Proof, not a guess.
    Blind spots: a page of which nothing reads in any way is not judged here.
    Source: exemption procedure (SEED 003), step 4.
    """
    page = _legible(features)
    turn = page.pose.turn if page.pose else 0
    if turn == 0:
        return Outcome(Status.PASS, value=0, unit="deg")
    direction = {90: "turn_right", 180: "turn_round", 270: "turn_left"}[turn]
    return Outcome(
        Status.FAIL, "page-turned", value=turn, unit="deg", allowed=Range(0, 0),
        facts={"direction": direction},
    )  # fmt: skip


@check("document/level", codes=("page-skewed",))
def level(features: Features, *, skew: Band) -> Outcome:
    """Lines level.

    Wants: the page laid straight.
    Why: staff read it on a screen, and a leaning page loses its corners.
    Measured: `skew`, degrees from the picture's rows to the lines of print, clockwise; the median
        by length.
    Blind spots: slanting print on a straight page.
    Source: exemption procedure (SEED 003), step 4; our default.
    """
    page = _with_text(features)
    return graded(
        page.tilt, skew, unit="deg", low="page-skewed", high="page-skewed",
        facts={"degrees": abs(page.tilt)},
    )  # fmt: skip


@check("document/not_mirrored", codes=("page-mirrored",))
def not_mirrored(features: Features) -> Outcome:
    """Text that reads forward.

    Wants: a picture as the camera's sensor saw it.
    Why: a mirrored document is a transformed one.
    Measured: the longest lines are read as they are and flipped; what reads only flipped is
        mirrored. Proof, not a guess.
    Blind spots: a page of which nothing reads either way.
    Source: rulebook section 6.
    """
    page = _legible(features)
    if page.pose is not None and page.pose.mirrored:
        return Outcome(Status.FAIL, "page-mirrored")
    return Outcome(Status.PASS)


@check("document/written", codes=("page-blank", "page-sparse"))
def written(features: Features, *, lines: Band, traces: Range) -> Outcome:
    """A page with something on it.

    Wants: several lines of print.
    Why: an empty page is no certificate.
    Measured: `lines` of text found on the page. A page without any is blank for certain only
        where no `traces` of blurred print are left: how far its inner part differs from its own
        light, 99th percentile, grey levels.
    Blind spots: handwriting and stamps count as text where they look like it.
    Source: exemption procedure (SEED 003), step 4.
    """
    page = features.document
    count = len(page.lines)
    if count == 0 and page.sheet is None:
        raise CannotAssess("no-page")
    found = graded(count, lines, unit="", low="page-sparse" if count else "page-blank")
    if count == 0 and page.traces not in traces:
        return replace(found, code="page-sparse", certain=False)
    return found


@check("document/text_sharp", codes=("text-blurred",))
def text_sharp(
    features: Features,
    *,
    blur: Band,
    traces: Range,
    unread: Band,
    doubt: Range,
    read: Band,
    trust: Range,
) -> Outcome:
    """Sharp print.

    Wants: strokes with clear edges.
    Why: 确保证书照片清晰.
    Measured: `blur`, width of the strokes' edges beyond 1.2 px, over the height of the letters; of
        the middle line by length, the wider of across and along the line. 1 where the page is not
        empty (more than `traces`, see document/written) and yet no text can be found. Lines read
        with so little confidence as `doubt` are judged by `unread` too, those with as much as
        `trust` by `read` alone.
    Blind spots: letters printed soft.
    Source: exemption procedure (SEED 003), step 4; our measurement.
    """
    page = features.document
    if not page.lines and page.traces not in traces:
        return replace(graded(1.0, blur, unit="", high="text-blurred"), certain=False)
    page = _with_text(features)
    bands = [read] if page.legibility in trust else [blur]
    if page.legibility in doubt:
        bands.append(unread)
    return worst(*(graded(page.print.blur, each, unit="", high="text-blurred") for each in bands))


@check("document/text_contrast", codes=("text-faint",))
def text_contrast(features: Features, *, contrast: Band) -> Outcome:
    """Print that stands out from the paper.

    Wants: dark letters on light paper.
    Why: 确保证书照片清晰.
    Measured: `contrast`, how much darker the letters are than the paper between them, percent of
        the paper's luma, of the middle line by length.
    Blind spots: letters in a light colour read as faint.
    Source: exemption procedure (SEED 003), step 4; our measurement.
    """
    page = _with_text(features)
    return graded(100 * page.print.contrast, contrast, unit="%", low="text-faint")


@check("document/exposed", codes=("page-dark", "page-overexposed"))
def exposed(features: Features, *, paper: Band, ink: Band, bleached: Band, white: Range) -> Outcome:
    """Neither too dark nor too bright.

    Wants: light paper and dark print.
    Why: 确保证书照片清晰.
    Measured: `paper`, luma of the paper at the middle line, 0-255; `ink`, luma of its letters,
        where the paper is `white`: faint print on darker paper is document/text_contrast's; and
        `bleached`, percent of the parts of lines whose letters are hardly grey on white paper: of a
        burnt-out page the title stays.
    Blind spots: dark paper reads as underexposed; thin strokes of small print are grey too.
    Source: exemption procedure (SEED 003), step 4; our measurement.
    """
    page = _with_text(features)
    brightness = graded(page.print.paper, paper, unit="luma", low="page-dark")
    if page.print.paper not in white:
        return brightness
    return worst(
        brightness,
        graded(page.print.ink, ink, unit="luma", high="page-overexposed"),
        graded(page.print.bleached, bleached, unit="%", high="page-overexposed"),
    )


@check("document/no_shadow", codes=("text-shadow",))
def no_shadow(features: Features, *, contrast: Band) -> Outcome:
    """No shadow over the print.

    Wants: even light.
    Why: 确保证书照片清晰.
    Measured: `contrast`, bright over dark paper: between the letters along the lines (90th over 5th
        percentile), or all over the page (90th over 10th), whichever is more.
    Blind spots: small shadows; dark pictures and panels that fill a tenth of the page.
    Source: exemption procedure (SEED 003), step 4; our measurement.
    """
    page = _with_text(features)
    return graded(page.shade, contrast, unit="x", high="text-shadow")


@check("document/no_glare", codes=("text-glare",))
def no_glare(features: Features, *, share: Band, washed: Band) -> Outcome:
    """No reflection on the page.

    Wants: print free of white spots of light.
    Why: under glare nothing can be read.
    Measured: `share`, percent of the page under the largest patch in which every colour channel is
        blown out; `washed`, percent of the parts of lines in which the paper is blown out and the
        letters are gone. Both on paper that is not blown out all over.
    Blind spots: weak sheen that leaves the print visible; paper that is white all over.
    Source: exemption procedure (SEED 003), step 4; our measurement.
    """
    page = _with_text(features)
    share_blown, place = page.glare
    return worst(
        graded(share_blown, share, unit="%", high="text-glare", region=place),
        graded(page.print.washed, washed, unit="%", high="text-glare"),
    )


@check("document/text_size", codes=("text-small",))
def text_size(features: Features, *, height: Band) -> Outcome:
    """Print large enough to be read.

    Wants: letters a dozen pixels high.
    Why: smaller ones are guessed, by people too.
    Measured: `height` of small letters (a quarter of the text is smaller) in pixels of the full
        picture.
    Blind spots: a small picture blown up; see document/real_detail.
    Source: exemption procedure (SEED 003), step 4; our measurement.
    """
    page = _with_text(features)
    return graded(page.print.small_height / features.scale, height, unit="px", low="text-small")


@check("document/legible", codes=("text-illegible",))
def legible(features: Features, *, confidence: Band) -> Outcome:
    """Print that can be read.

    Wants: what is printed to be read with confidence.
    Why: 确保证书照片清晰.
    Measured: `confidence`, mean probability of the characters of the lines read: the longest, the
        largest, and some from the top to the foot; 0-1.
    Blind spots: the reader can be sure of itself and wrong; handwriting and seals read badly.
    Source: exemption procedure (SEED 003), step 4; our measurement.
    """
    page = _with_text(features)
    return graded(page.legibility, confidence, unit="", low="text-illegible")


@check("document/not_on_screen", codes=("page-on-screen",))
def not_on_screen(features: Features, *, pattern: Band) -> Outcome:
    """A page, not a picture of a screen.

    Wants: the paper itself in front of the camera or on the scanner.
    Why: 上传相应的证书照片; a screen can show anything.
    Measured: `pattern`, the strongest periodic pattern common to the whole picture over the usual
        unevenness of its spectrum.
    Blind spots: a sharp screen photographed from afar; fine printed patterns read as a raster.
    Source: our measurement.
    """
    return graded(_with_text(features).pattern, pattern, unit="", high="page-on-screen")


@check("document/type", codes=("type-unknown",))
def type_(features: Features) -> Outcome:
    """A certificate that the procedure knows.

    Wants: one of the kinds that can be handed in.
    Why: 学历证书, 全国大学英（日）语等级考试, PETS, NCRE, NIT.
    Measured: the words on the page, those in large print counting more, against
        photo_service/document/kinds.toml. A page that none of them fits goes to a person.
    Blind spots: titles in decorative letters may not be read.
    Source: exemption procedure (SEED 003), step 3.
    """
    kind = _legible(features).kind
    known = tuple(sorted(kinds.TYPES))
    if not kind.key:
        return Outcome(Status.FAIL, "type-unknown", allowed=known, certain=False)
    facts = {"type": f"type_{kind.key}", "words": "、".join(kind.words)}
    return Outcome(Status.PASS, value=kind.key, allowed=known, facts=facts)


@check("document/expected_type", codes=("type-mismatch",))
def expected_type(features: Features) -> Outcome:
    """The certificate that the candidate chose.

    Wants: the page to be of the kind given with it.
    Why: 根据选中的证书…上传相应的证书照片.
    Measured: the kind as in document/type; of a level "and above" higher ones satisfy too.
    Blind spots: those of document/type.
    Source: exemption procedure (SEED 003), step 4.
    """
    wanted = kinds.wanted(features.context.expect_type)
    if not wanted:
        raise CannotAssess("type-not-expected")
    kind = _legible(features).kind
    if not kind.key:
        raise CannotAssess("type-untold")
    facts = {"type": f"type_{kind.key}"}
    allowed = tuple(sorted(wanted))
    if kind.key in wanted:
        return Outcome(Status.PASS, value=kind.key, allowed=allowed, facts=facts)
    return Outcome(Status.FAIL, "type-mismatch", value=kind.key, allowed=allowed, facts=facts)


@check("document/expected_name", codes=("page-name-mismatch",))
def expected_name(features: Features) -> Outcome:
    """The name that the candidate entered.

    Wants: the name given with the picture somewhere on the page.
    Why: 确保…填选证书信息准确.
    Measured: lines are read and searched, those of the upper part first, until the name is found;
        a character counts as found when it is the reader's second choice or prints alike. Never
        certain: a name may be handwritten.
    Blind spots: the name of somebody else on the page who is called the same.
    Source: exemption procedure (SEED 003), step 4.
    """
    if not plain_name(features.context.expect_name):
        raise CannotAssess("not-expected")
    _legible(features)
    if features.name_on_document:
        return Outcome(Status.PASS)
    return Outcome(Status.FAIL, "page-name-mismatch", certain=False)


def _with_text(features: Features) -> Page:
    if not features.document.lines:
        raise CannotAssess("no-text")
    return features.document


def _legible(features: Features) -> Page:
    page = _with_text(features)
    if page.pose is None:
        raise CannotAssess("text-unread")
    return page
