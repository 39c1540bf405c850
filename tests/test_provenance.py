"""What files say of their making is found wherever it stands, and hostile metadata hurt nobody."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from benchmarks import carriers
from photo_service.image import open_photo
from photo_service.messages import messages
from photo_service.metadata import Metadata
from photo_service.provenance import BEAUTY, EDITOR, GENERATOR, Provenance, provenance

PICTURE = Image.new("RGB", (48, 64), (100, 150, 200))


def jpeg() -> bytes:
    file = io.BytesIO()
    PICTURE.save(file, "JPEG")
    return file.getvalue()


def png() -> bytes:
    file = io.BytesIO()
    PICTURE.save(file, "PNG")
    return file.getvalue()


def metadata(data: bytes) -> Metadata:
    return open_photo(data, max_file_bytes=1 << 25, max_pixels=1 << 20).metadata


def read(data: bytes) -> Provenance:
    return provenance(metadata(data))


both = pytest.mark.parametrize("file", [jpeg, png])


# --- AI labels -----------------------------------------------------------------------------------

LABEL = carriers.ai_label(1, element=False)
ATTRIBUTE = "TC260:AIGC='" + LABEL.replace('"', "&quot;") + "'"


def behind(data: bytes) -> bytes:
    return data + carriers.xmp_packet(carriers.ai_label(1)).encode()


def by_pillow(data: bytes) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("AIGC", LABEL)
    file = io.BytesIO()
    Image.open(io.BytesIO(data)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def with_xmp_by_pillow() -> bytes:
    file = io.BytesIO()
    PICTURE.save(file, "JPEG", xmp=carriers.xmp_packet(carriers.ai_label(1, escaped=True)).encode())
    return file.getvalue()


def with_exif_by_pillow() -> bytes:
    exif = Image.Exif()
    exif[carriers.MAKE] = "x"
    exif.get_ifd(0x8769)[carriers.USER_COMMENT] = LABEL.encode()
    file = io.BytesIO()
    PICTURE.save(file, "PNG", exif=exif)
    return file.getvalue()


AI_CARRIERS: dict[str, Callable[[], bytes]] = {
    "xmp element": lambda: carriers.with_xmp(jpeg(), carriers.ai_label(1)),
    "xmp escaped": lambda: carriers.with_xmp(jpeg(), carriers.ai_label(1, escaped=True)),
    "xmp twice escaped": lambda: carriers.with_xmp(
        jpeg(), carriers.ai_label(1, escaped=True).replace("&quot;", "&amp;quot;")
    ),
    "xmp attribute": lambda: carriers.with_xmp(jpeg(), "", ATTRIBUTE),
    "xmp in png": lambda: carriers.with_xmp(png(), carriers.ai_label(1)),
    "second xmp packet": lambda: carriers.with_xmp(
        carriers.with_xmp(jpeg(), carriers.ai_label(1)), ""
    ),
    "exif comment": lambda: carriers.with_exif(
        jpeg(), {carriers.USER_COMMENT: carriers.user_comment(LABEL)}
    ),
    "exif comment, unicode": lambda: carriers.with_exif(
        jpeg(), {carriers.USER_COMMENT: carriers.user_comment(LABEL, "unicode")}
    ),
    "exif comment with its key": lambda: carriers.with_exif(
        jpeg(), {carriers.USER_COMMENT: carriers.user_comment('{"AIGC":' + LABEL + "}")}
    ),
    "exif comment, a text within": lambda: carriers.with_exif(
        jpeg(), {carriers.USER_COMMENT: carriers.user_comment(json.dumps({"AIGC": LABEL}))}
    ),
    "exif description in png": lambda: carriers.with_exif(png(), {carriers.DESCRIPTION: LABEL}),
    "windows comment": lambda: carriers.with_exif(
        jpeg(), {carriers.XP_COMMENT: LABEL.encode("utf-16-le") + b"\0\0"}
    ),
    "png text": lambda: carriers.with_text(png(), "AIGC", LABEL),
    "png text, compressed": lambda: carriers.with_text(png(), "AIGC", LABEL, compressed=True),
    "png text by Pillow": lambda: by_pillow(png()),
    "jpeg comment": lambda: carriers.with_segment(jpeg(), 0xFE, LABEL.encode()),
    "behind the jpeg": lambda: behind(jpeg()),
    "behind the png": lambda: behind(png()),
    "another segment": lambda: carriers.with_segment(
        jpeg(), 0xE9, b"AIGC\0" + bytes(range(256)) + LABEL.encode()
    ),
    "another chunk": lambda: carriers.with_chunk(
        png(), b"aiGc", b'{"AIGC":' + LABEL.encode() + b"}"
    ),
    "xmp by Pillow": with_xmp_by_pillow,
    "exif by Pillow": with_exif_by_pillow,
    "c2pa source type": lambda: carriers.with_credentials(
        jpeg(),
        ("c2pa.created",),
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    ),
    "xmp source type": lambda: carriers.with_xmp(
        png(),
        "<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/"
        "trainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>",
    ),
}


@pytest.mark.parametrize("carrier", AI_CARRIERS)
def test_ai_label_is_found_in_every_carrier(carrier: str) -> None:
    found = read(AI_CARRIERS[carrier]()).ai
    assert found is not None
    assert found.label == 1


@pytest.mark.parametrize("label", [1, 2, 3])
def test_ai_label_is_read(label: int) -> None:
    found = read(carriers.with_xmp(jpeg(), carriers.ai_label(label))).ai
    assert found is not None
    assert (found.label, found.scheme) == (label, "GB 45438")


@pytest.mark.parametrize(
    "text", ['{"Label":"1"}', '{"Label":"9","ProduceID":"x"}', "AIGC Label 1", '{"Label":1']
)
def test_what_is_no_label_is_none(text: str) -> None:
    assert read(carriers.with_text(png(), "AIGC", text)).ai is None


def test_generators_sign() -> None:
    parameters = carriers.with_text(png(), "parameters", "x\nSteps: 20, Sampler: Euler, Seed: 1")
    assert read(parameters).generator == "Stable Diffusion"
    flow = carriers.with_text(png(), "prompt", '{"3": {"class_type": "KSampler"}}')
    assert read(flow).generator == "ComfyUI"
    named = carriers.with_exif(jpeg(), {carriers.SOFTWARE: "Midjourney v6"})
    assert read(named).generator == "Midjourney"


# --- programs ------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("software", "kind", "shown"),
    [
        ("Adobe Photoshop 25.0 (Windows)", EDITOR, "Adobe Photoshop 25.0"),
        ("Adobe Lightroom Classic 13.1", EDITOR, "Adobe Lightroom 13.1"),
        ("GIMP 2.10.34", EDITOR, "GIMP 2.10.34"),
        ("Snapseed 2.0", EDITOR, "Snapseed 2.0"),
        ("美图秀秀", BEAUTY, "Meitu"),
        ("BeautyPlus", BEAUTY, "BeautyPlus"),
        ("B612 12.1.5", BEAUTY, "B612 12.1.5"),
        ("FaceApp", BEAUTY, "FaceApp"),
        ("醒图", BEAUTY, "Hypic"),
        ("即梦AI", GENERATOR, "Doubao"),
    ],
)
def test_programs_by_their_signature(
    file: Callable[[], bytes], software: str, kind: str, shown: str
) -> None:
    found = read(carriers.with_exif(file(), {carriers.SOFTWARE: software}))
    assert [program.shown for program in found.of_kind(kind)] == [shown]


@pytest.mark.parametrize(
    "tags",
    [
        {carriers.MAKE: "Canon", carriers.SOFTWARE: "Firmware Version 1.2.0"},
        {carriers.MAKE: "Apple", carriers.SOFTWARE: "17.5.1"},
        {carriers.MAKE: "HUAWEI", carriers.SOFTWARE: "ADY-AL00 4.2.0.110(C00E110R1P2)"},
        {carriers.MAKE: "samsung", carriers.SOFTWARE: "S9180ZHU4CXJ1"},
        {carriers.ARTIST: "张伟", carriers.DESCRIPTION: "证件照"},
    ],
)
def test_cameras_are_no_programs(tags: dict[int, str]) -> None:
    assert read(carriers.with_exif(jpeg(), tags)).programs == ()


def test_history_and_other_places() -> None:
    steps = carriers.history(
        ("saved", "Adobe Photoshop 25.0 (Windows)"), ("converted", "GIMP 2.10"), ("saved", "x")
    )
    found = read(carriers.with_xmp(jpeg(), steps))
    assert {p.name for p in found.programs} == {"Adobe Photoshop", "GIMP"}
    assert (found.steps, found.history) == (3, ("saved", "converted"))
    named = read(carriers.with_iptc(jpeg(), "Adobe Photoshop"))
    assert [p.carrier for p in named.programs] == ["iptc program"]
    web = read(carriers.with_segment(jpeg(), 0xEC, b"Ducky\0\1"))
    assert [p.carrier for p in web.programs] == ["photoshop web"]
    text = read(carriers.with_text(png(), "Software", "paint.net 5.0.12"))
    assert [p.shown for p in text.programs] == ["Paint.NET 5.0.12"]


@pytest.mark.parametrize("encoding", ["ascii", "unicode", "none"])
def test_beauty_settings_are_spelled_out(encoding: str) -> None:
    comment = carriers.user_comment(json.dumps(carriers.MEITU_SETTINGS), encoding)
    tags: dict[int, str | bytes | int] = {carriers.ARTIST: "Meitu", carriers.USER_COMMENT: comment}
    found = read(carriers.with_exif(jpeg(), tags))
    assert found.beauty is not None
    assert set(found.beauty) == {"thin_face", "blemishes_removed", "smooth_skin"}
    assert [p.name for p in found.of_kind(BEAUTY)] == ["Meitu"]


def test_beauty_settings_without_a_name() -> None:
    comment = carriers.user_comment('{"BeautyInfo":{"IsOldBeauty":false,"level":"30"}}')
    found = read(carriers.with_exif(jpeg(), {carriers.USER_COMMENT: comment}))
    assert found.beauty == ("beauty_other",)
    assert [p.name for p in found.programs] == ["Meitu"]
    broken = carriers.user_comment('{"BeautyInfo":{"IsOldBeauty":tr')
    found = read(carriers.with_exif(jpeg(), {carriers.USER_COMMENT: broken}))
    assert found.beauty == ("unreadable_settings",)


@both
def test_content_credentials(file: Callable[[], bytes]) -> None:
    found = read(carriers.with_credentials(file(), ("c2pa.opened", "c2pa.filtered")))
    assert found.credentials
    assert found.actions == ("c2pa.opened", "c2pa.filtered")
    assert not read(file()).credentials


def test_date_and_camera() -> None:
    tags = {carriers.MAKE: "Canon", carriers.MODEL: "EOS R6", carriers.TAKEN: "2025:03:04 05:06:07"}
    found = read(carriers.with_exif(jpeg(), tags))
    assert found.camera == "Canon EOS R6"
    numbered = carriers.with_exif(jpeg(), {carriers.MODEL: "X 11010519491231002X"})
    assert read(numbered).camera == "X …"
    assert found.taken is not None
    assert found.taken.date() == date(2025, 3, 4)


def test_no_text_of_a_person_is_handed_on() -> None:
    name = "Zhang Wei 110105194912310021"
    data = carriers.with_exif(
        jpeg(), {carriers.ARTIST: name, carriers.SOFTWARE: f"Photoshop by {name}"}
    )
    assert "Zhang" not in repr(read(data))
    assert "1949" not in repr(read(data))


# --- hostile metadata ----------------------------------------------------------------------------

BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
DEEP = "<a>" * 8000 + "</a>" * 8000
HOSTILE: dict[str, Callable[[], bytes]] = {
    "entities": lambda: carriers.with_text(
        png(), "XML:com.adobe.xmp", BOMB + carriers.xmp_packet("&c;")
    ),
    "entities inside": lambda: carriers.with_text(
        png(), "XML:com.adobe.xmp", "<x:xmpmeta>" + BOMB + "&c;</x:xmpmeta>"
    ),
    "external entity": lambda: carriers.with_xmp(
        jpeg(), '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>&e;'
    ),
    "deep": lambda: carriers.with_xmp(jpeg(), DEEP),
    "very deep": lambda: carriers.with_xmp(png(), DEEP * 4),
    "wide": lambda: carriers.with_xmp(png(), "<a/>" * 60_000),
    "no xml": lambda: carriers.with_xmp(jpeg(), "<rdf:li>"),
    "deep json": lambda: carriers.with_text(
        png(), "AIGC", '{"Label":"1","ProduceID":' + "[" * 8000
    ),
    "many braces": lambda: carriers.with_text(png(), "AIGC", "Label Facelift" + "{" * 8000),
    "escapes": lambda: carriers.with_text(png(), "AIGC", "Label " + "&amp;" * 1500),
    "broken boxes": lambda: carriers.with_chunk(png(), b"caBX", b"\0\0\0\x08jumb" * 5000),
    "nested boxes": lambda: carriers.with_chunk(png(), b"caBX", b"\0\0\0\0jumb" * 5000),
    "broken cbor": lambda: carriers.with_credentials(jpeg(), ("x" * 100,))[:-1] + b"\xd9",
    "broken photoshop": lambda: carriers.with_segment(
        jpeg(), 0xED, b"Photoshop 3.0\x008BIM\x04\x04\xff" + b"8BIM" * 3000
    ),
    "thumbnail beyond the end": lambda: carriers.with_exif(jpeg(), {carriers.MAKE: "x"}, b"\xff"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_metadata_are_read_quickly_and_say_nothing(name: str) -> None:
    data = HOSTILE[name]()
    started = time.perf_counter()
    found = read(data)
    assert time.perf_counter() - started < 2
    assert {program.name for program in found.programs} <= {"Photoshop segment"}
    assert found.ai is None


TEXTS = st.text(alphabet='{}[]":,\\&;<>AIGCLabel1 TC260Beautyfo', max_size=200)


@settings(max_examples=200, deadline=None)
@given(text=TEXTS, store=st.binary(max_size=300), xmp=TEXTS)
def test_any_text_can_be_read(text: str, store: bytes, xmp: str) -> None:
    plain = metadata(jpeg())
    made = replace(
        plain,
        notes={"exif UserComment": text + "BeautyInfo", "xmp more": f"<rdf:RDF>{xmp}</rdf:RDF>"},
        text={"AIGC": text, "parameters": xmp},
        xmp=f"<x:xmpmeta>{xmp}</x:xmpmeta>",
        credentials=store,
    )
    provenance(made)


def test_settings_are_listed_in_words() -> None:
    assert messages("en").word("thin_face+makeup") == "thinner face, make-up"
    assert messages("zh").word("thin_face+makeup") == "瘦脸、美妆"
    assert messages("en").word("C+D") == "C+D"
