"""What a file's metadata says of its making: programs, beauty settings, AI labels, credentials.

Everything here is a claim that anybody can write or strip. A claim present can be shown to a
person; a claim absent means nothing: chat programs strip all of it. Texts are matched against the
names known here and never handed on as they stand, so that no person's name reaches a report.

Sources: ISO 16684-1 (XMP), GB 45438-2025 (AI label), IPTC digital source types, C2PA 2.x.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from photo_service.metadata import Metadata

EDITOR, BEAUTY, GENERATOR = "editor", "beauty", "generator"

_MOST_NODES = 20_000
_MOST_LABELS = 64
_MOST_DEPTH = 32

# Name shown, kind, and how the program signs itself; the first that fits counts.
_PROGRAMS: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (name, kind, re.compile(pattern, re.IGNORECASE))
    for name, kind, pattern in (
        ("Meitu", BEAUTY, r"meitu|美图秀秀|\bmtxx\b|美图"),
        ("BeautyCam", BEAUTY, r"beautycam|美颜相机|meiyancamera"),
        ("BeautyPlus", BEAUTY, r"beautyplus"),
        ("AirBrush", BEAUTY, r"\bairbrush\b"),
        ("Wink", BEAUTY, r"\bWink\b.*meitu"),
        ("B612", BEAUTY, r"\bB612"),
        ("Faceu", BEAUTY, r"\bfaceu\b|激萌"),
        ("Ulike", BEAUTY, r"\bulike\b|轻颜"),
        ("Wuta", BEAUTY, r"无他相机|\bwutacam"),
        ("Camera360", BEAUTY, r"camera\s?360|相机360"),
        ("PhotoWonder", BEAUTY, r"photowonder|百度魔图|魔图精灵"),
        ("Pitu", BEAUTY, r"\bpitu\b|天天P图"),
        ("Hypic", BEAUTY, r"\bhypic\b|醒图|\bxingtu\b"),
        ("FaceApp", BEAUTY, r"face\s?app\b"),
        ("Facetune", BEAUTY, r"face\s?tune"),
        ("YouCam", BEAUTY, r"youcam|perfect365|玩美"),
        ("Remini", BEAUTY, r"\bremini\b"),
        ("Portrait Pro", BEAUTY, r"portrait\s?pro\b"),
        ("Adobe Firefly", GENERATOR, r"adobe[ _]firefly|\bfirefly (image|generative)"),
        ("Midjourney", GENERATOR, r"midjourney"),
        ("DALL·E", GENERATOR, r"dall[·\-. ]?e\b|openai|chatgpt|gpt-?4o"),
        ("Stable Diffusion", GENERATOR, r"stable[ _-]?diffusion|\bsdxl\b|automatic1111"),
        ("ComfyUI", GENERATOR, r"comfyui"),
        ("NovelAI", GENERATOR, r"novelai"),
        ("InvokeAI", GENERATOR, r"invoke[- ]?ai"),
        ("Imagen", GENERATOR, r"made with google ai|\bimagen\b|nano banana"),
        ("Doubao", GENERATOR, r"豆包|doubao|即梦|\bjimeng|seedream"),
        ("Wenxin", GENERATOR, r"文心一格|\bernie-?vilg"),
        ("Tongyi", GENERATOR, r"通义万相|tongyi ?wanxiang"),
        ("Adobe Lightroom", EDITOR, r"lightroom"),
        ("Adobe Photoshop", EDITOR, r"photoshop"),
        ("Camera Raw", EDITOR, r"camera raw"),
        ("GIMP", EDITOR, r"\bgimp\b"),
        ("Snapseed", EDITOR, r"snapseed"),
        ("PicsArt", EDITOR, r"pics\s?art"),
        ("Pixlr", EDITOR, r"\bpixlr"),
        ("Canva", EDITOR, r"\bcanva\b"),
        ("VSCO", EDITOR, r"\bvsco"),
        ("Polarr", EDITOR, r"\bpolarr"),
        ("PhotoScape", EDITOR, r"photoscape"),
        ("Paint.NET", EDITOR, r"paint\.net"),
        ("PaintShop Pro", EDITOR, r"paint\s?shop"),
        ("Affinity Photo", EDITOR, r"affinity"),
        ("Pixelmator", EDITOR, r"pixelmator"),
        ("Capture One", EDITOR, r"capture one"),
        ("Luminar", EDITOR, r"luminar"),
        ("darktable", EDITOR, r"darktable"),
        ("RawTherapee", EDITOR, r"rawtherapee"),
        ("Krita", EDITOR, r"\bkrita\b"),
        ("ACDSee", EDITOR, r"acdsee"),
        ("IrfanView", EDITOR, r"irfanview"),
        ("Picasa", EDITOR, r"picasa"),
        ("nEO iMAGING", EDITOR, r"neo imaging|光影魔术手|nEOiMAGING"),
        ("WPS", EDITOR, r"\bwps\b|金山"),
        (
            "ID photo app",
            EDITOR,
            r"证件照(相机|大师|助手|研究院|制作)|智能证件照|id ?photo (app|maker)",
        ),
        ("Photoshop segment", EDITOR, r"^8BIM$"),
    )
)
_VERSION = re.compile(r"\b\d{1,4}(?:\.\d{1,4}){1,2}\b")

# Where a program signs itself; what a person may have written there is not read.
_SIGNED = (
    "exif ProcessingSoftware",
    "exif HostComputer",
    "exif Artist",
    "exif ImageDescription",
    "exif XPComment",
    "exif UserComment",
    "iptc program",
)
_SIGNED_TEXTS = ("Software", "Comment", "comment", "Source", "Creator", "Creation Tool", "Author")

# Meitu's own switches → the word for each.
BEAUTY_SWITCHES: Mapping[str, str] = MappingProxyType(
    {
        "IsChangeThinFace": "thin_face",
        "IsChangeFacelift": "face_lift",
        "IsChangeFaceChin": "chin_changed",
        "IsChangeNose": "nose_changed",
        "IsChangeMouth": "mouth_changed",
        "IsChangeEyeLift": "eyes_enlarged",
        "IsChangePostureLift": "body_reshaped",
        "IsAIBeauty": "ai_beauty",
        "IsOldBeauty": "smooth_skin",
        "SwitchMedicatedAcne": "blemishes_removed",
        "IsBrightEyes": "bright_eyes",
        "IsReduceBlackEyes": "eye_shadows_removed",
        "IsSharpen": "sharpened",
        "IsUseMakeup": "makeup",
        "IsUseFilter": "colour_filter",
        "IsUseAR": "ar_sticker",
    }
)
_BEAUTY_BLOCKS: Mapping[str, str] = MappingProxyType(
    {
        "BeautyInfo": "beauty_other",
        "FaceliftInfo": "shape_other",
        "MakeupInfo": "makeup",
        "FilterInfo": "colour_filter",
        "ARInfo": "ar_sticker",
    }
)

_AI_SOURCES = {
    "trainedalgorithmicmedia": 1,
    "compositewithtrainedalgorithmicmedia": 2,
    "algorithmicmedia": 2,
}
_SD_PARAMETERS = re.compile(r"\bsteps:\s*\d+.*\bsampler:", re.IGNORECASE | re.DOTALL)
# A model's name has no such number; a person's has.
_LONG_NUMBER = re.compile(r"\d{8,}[\dXx]?")
_MOST_CAMERA = 60
_SCREENSHOT = re.compile(r"screen\s?shot|截屏|截图|屏幕快照|snipping", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Program:
    """A program that signed the file: its known name, kind, version or ``""``, and where."""

    name: str
    kind: str
    version: str
    carrier: str

    @property
    def shown(self) -> str:
        """Name with version."""
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class AiLabel:
    """A statement on AI: 1 generated, 2 possibly, 3 suspected; who states it and where."""

    label: int
    scheme: str
    carrier: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the metadata claim of a file's making.

    Attributes:
        programs: each known program once, in order of appearance.
        steps: entries of the XMP edit history.
        history: the actions among them, each once: ``"saved"``, ``"converted"`` …
        beauty: words for the beauty settings that are on; None when no settings are written.
        ai: the gravest statement on AI; None when there is none.
        generator: the name of an image generator that left its parameters or its name; ``""``.
        credentials: a C2PA manifest is there.
        actions: its actions, each once; nothing when none could be read.
        screenshot: the file calls itself a screenshot.
        camera: maker and model, as far as stated; long numbers left out.
        taken: when it was taken.
    """

    programs: tuple[Program, ...]
    steps: int
    history: tuple[str, ...]
    beauty: tuple[str, ...] | None
    ai: AiLabel | None
    generator: str
    credentials: bool
    actions: tuple[str, ...]
    screenshot: bool
    camera: str
    taken: datetime | None

    def of_kind(self, kind: str) -> tuple[Program, ...]:
        """The programs of one kind."""
        return tuple(program for program in self.programs if program.kind == kind)


def provenance(metadata: Metadata) -> Provenance:
    """Read what a file's metadata say of its making; never raises on senseless content."""
    xmp = tuple(_xmp_fields(metadata))
    texts = dict(_texts(metadata, xmp))
    programs = _programs(metadata, xmp)
    claims = _claims(metadata.credentials)
    beauty = _beauty(texts.values())
    if beauty is not None and not any(program.kind == BEAUTY for program in programs):
        programs = (*programs, Program("Meitu", BEAUTY, "", "exif UserComment"))
    actions = [value for name, value in xmp if name == "action"]
    camera = " ".join(dict.fromkeys(part for part in (metadata.make, metadata.model) if part))
    camera = _LONG_NUMBER.sub("…", camera)[:_MOST_CAMERA]
    return Provenance(
        programs=programs,
        steps=len(actions),
        history=tuple(dict.fromkeys(word for word in actions if word.isascii() and len(word) < 24)),
        beauty=beauty,
        ai=_ai_label(texts, xmp, claims),
        generator=_generator(metadata, programs),
        credentials=metadata.credentials is not None,
        actions=claims.actions,
        screenshot=any(_SCREENSHOT.search(texts.get(name, "")) for name in _SCREENSHOT_NOTES),
        camera=camera,
        taken=metadata.taken,
    )


_SCREENSHOT_NOTES = (
    "exif UserComment",
    "exif ImageDescription",
    "software",
    "text Software",
    "text Title",
    "text Comment",
)

# ---------------------------------------------------------------- texts


def _texts(metadata: Metadata, xmp: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """Every text in the file by carrier."""
    yield from metadata.notes.items()
    if metadata.software:
        yield "software", metadata.software
    yield from ((f"text {name}", value) for name, value in metadata.text.items())
    if metadata.xmp:
        yield "xmp", metadata.xmp
    yield from ((f"xmp {name}", value) for name, value in xmp if name in ("AIGC", "CreatorTool"))


def _xmp_fields(metadata: Metadata) -> Iterator[tuple[str, str]]:
    """Local name and text of each element and attribute of the XMP packets."""
    for packet in (metadata.xmp, metadata.notes.get("xmp more")):
        if packet:
            yield from _parsed(packet)


def _parsed(packet: str) -> Iterator[tuple[str, str]]:
    start = packet.find("<x:xmpmeta")
    start = start if start >= 0 else packet.find("<rdf:RDF")
    end = max(packet.rfind("</x:xmpmeta>") + 12, packet.rfind("</rdf:RDF>") + 10)
    if start < 0 or end <= start:
        return
    try:
        tree = fromstring(packet[start:end], forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        return
    for number, node in enumerate(tree.iter()):
        if number >= _MOST_NODES:
            return
        yield from ((_local(name), value) for name, value in node.attrib.items())
        if node.text and node.text.strip():
            yield _local(str(node.tag)), node.text.strip()


def _local(name: str) -> str:
    return name.rpartition("}")[2]


# ---------------------------------------------------------------- programs


def _programs(metadata: Metadata, xmp: tuple[tuple[str, str], ...]) -> tuple[Program, ...]:
    signed = [("software", metadata.software or "")]
    signed += [(name, metadata.notes[name]) for name in _SIGNED if name in metadata.notes]
    signed += [(f"text {n}", metadata.text[n]) for n in _SIGNED_TEXTS if n in metadata.text]
    signed += [(f"xmp {n}", v) for n, v in xmp if n in ("CreatorTool", "softwareAgent", "Toolkit")]
    if "photoshop web" in metadata.notes:
        signed.append(("photoshop web", "Photoshop"))
    if "photoshop resources" in metadata.notes and "iptc program" not in metadata.notes:
        signed.append(("photoshop resources", "8BIM"))
    found: dict[str, Program] = {}
    for carrier, text in signed:
        known = _known(text[:512])
        if known is None:
            continue
        name, kind = known
        version = _VERSION.search(text)
        program = Program(name, kind, version[0] if version else "", carrier)
        # A later signature may add the version that an earlier one lacks.
        if name not in found or (version and not found[name].version):
            found[name] = program
    return tuple(found.values())


def _known(text: str) -> tuple[str, str] | None:
    return next(((name, kind) for name, kind, sign in _PROGRAMS if sign.search(text)), None)


def _generator(metadata: Metadata, programs: tuple[Program, ...]) -> str:
    named = next((p.name for p in programs if p.kind == GENERATOR), "")
    if named:
        return named
    texts = metadata.text
    parameters = texts.get("parameters", "") or metadata.notes.get("exif UserComment", "")
    if _SD_PARAMETERS.search(parameters):
        return "Stable Diffusion"
    workflow = texts.get("workflow", "") + texts.get("prompt", "")
    return "ComfyUI" if '"class_type"' in workflow or '"nodes"' in workflow else ""


# ---------------------------------------------------------------- beauty settings


def _beauty(texts: Iterable[str]) -> tuple[str, ...] | None:
    """Words for the switches that are on; None when no text carries such settings."""
    for text in texts:
        if not any(block in text for block in _BEAUTY_BLOCKS):
            continue
        for found in _objects(text):
            blocks = {name: found[name] for name in _BEAUTY_BLOCKS if name in found}
            if blocks:
                words = [w for name, block in blocks.items() for w in _switched_on(name, block)]
                return tuple(dict.fromkeys(words))
        # The names without readable values: something was written, what cannot be told.
        return ("unreadable_settings",)
    return None


def _switched_on(name: str, block: object) -> Iterator[str]:
    if not isinstance(block, dict):
        if _is_on(block):
            yield _BEAUTY_BLOCKS[name]
        return
    for key, value in list(block.items())[:_MOST_LABELS]:
        if _is_on(value):
            yield BEAUTY_SWITCHES.get(str(key), _BEAUTY_BLOCKS[name])


def _is_on(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() not in ("", "0", "false", "no", "none", "null", "off")
    return isinstance(value, bool | int | float) and bool(value)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """JSON objects in a text, also escaped once or twice."""
    for variant in _unescaped(text):
        decoder = json.JSONDecoder()
        position, tries = variant.find("{"), 0
        while position >= 0 and tries < _MOST_LABELS:
            tries += 1
            try:
                found, _ = decoder.raw_decode(variant, position)
            except (ValueError, RecursionError):
                position = variant.find("{", position + 1)
                continue
            if isinstance(found, dict):
                yield found
                yield from (inner for inner in found.values() if isinstance(inner, dict))
                yield from _inner_texts(found)
            break


def _inner_texts(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Objects that stand as text within an object."""
    for value in list(found.values())[:_MOST_LABELS]:
        if isinstance(value, str) and value.lstrip().startswith("{"):
            try:
                inner = json.loads(value)
            except (ValueError, RecursionError):
                continue
            if isinstance(inner, dict):
                yield inner


def _unescaped(text: str) -> Iterator[str]:
    seen = {text}
    yield text
    for _ in range(3):
        plain = html.unescape(text)
        text = plain if plain != text else text.replace('\\"', '"').replace("\\\\", "\\")
        if text in seen:
            return
        seen.add(text)
        yield text


# ---------------------------------------------------------------- AI labels

_AI_KEYS = ("ContentProducer", "ProduceID", "ContentPropagator", "PropagateID", "ReservedCode1")


def _ai_label(
    texts: Mapping[str, str], xmp: tuple[tuple[str, str], ...], claims: _Claims
) -> AiLabel | None:
    found = [
        AiLabel(label, "GB 45438", carrier)
        for carrier, text in texts.items()
        if "Label" in text
        for label in _gb_labels(text)
    ]
    sources = [(f"xmp {name}", value) for name, value in xmp if name == "DigitalSourceType"]
    sources += [("c2pa", value) for value in claims.sources]
    for carrier, value in sources:
        label = _AI_SOURCES.get(value.rstrip("/").rpartition("/")[2].lower())
        if label is not None:
            found.append(AiLabel(label, "IPTC", carrier))
    return min(found, key=lambda label: label.label, default=None)


def _gb_labels(text: str) -> Iterator[int]:
    for found in _objects(text):
        if "Label" in found and any(key in found for key in _AI_KEYS):
            value = str(found["Label"]).strip()
            if value in ("1", "2", "3"):
                yield int(value)


# ---------------------------------------------------------------- content credentials


@dataclass(frozen=True, slots=True)
class _Claims:
    actions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def _claims(store: bytes | None) -> _Claims:
    """Actions and source types in a C2PA store. Their signatures are not verified: claims."""
    if store is None:
        return _Claims()
    actions: list[str] = []
    sources: list[str] = []
    for label, content in _assertions(store, 0):
        if not label.startswith("c2pa.actions"):
            continue
        for key, value in _cbor_texts(content):
            if key == "action" and len(value) < 64:
                actions.append(value)
            elif key == "digitalSourceType":
                sources.append(value)
    return _Claims(tuple(dict.fromkeys(actions)), tuple(dict.fromkeys(sources)))


def _assertions(data: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    """Label and CBOR content of each assertion in nested JUMBF boxes (ISO 19566-5)."""
    label = ""
    for kind, content in _boxes(data):
        if kind == b"jumd":
            # Type, toggles, label up to NUL.
            label = content[17:256].partition(b"\0")[0].decode("utf-8", "replace")
        elif kind == b"jumb" and depth < _MOST_DEPTH:
            yield from _assertions(content, depth + 1)
        elif kind == b"cbor":
            yield label, content


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        end = position + size if size >= 8 else len(data)
        yield kind, data[position + 8 : end]
        position = end


def _cbor_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Text values with the text key before them, anywhere in a CBOR item (RFC 8949).

    Read flat, head by head: nesting needs no stack, and a broken length only ends the walk.
    """
    key, position = "", 0
    while position < len(data):
        major, extra = data[position] >> 5, data[position] & 31
        position += 1
        width = {24: 1, 25: 2, 26: 4, 27: 8}.get(extra, 0)
        number = int.from_bytes(data[position : position + width], "big") if width else extra
        position += width
        if major not in (2, 3):
            continue
        if position + number > len(data) or extra == 31:
            return
        if major == 3:
            text = data[position : position + number].decode("utf-8", "replace")
            yield key, text
            key = text
        position += number
