"""Profile files: TOML → `Profile`. The one home of every limit.

A profile names the checks of one document kind in the order of the report. For each it gives the
clause it enforces, what a failure and a skip do, and every limit. Whatever is unknown, missing or
of the wrong type stops the load with the file and the key named.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

import photo_service.checks  # noqa: F401 - fills the registry
from photo_service.check import TOGETHER, Band, Check, Range, registry
from photo_service.context import Context
from photo_service.document import kinds as kinds_of_page
from photo_service.errors import ProfileError, UsageError

FailEffect = Literal["reject", "review", "note"]
SkipEffect = Literal["review", "note"]

EXPECTED_TYPE = "document/expected_type"

# The kinds as people look for them: the photo of everybody first. One that is not here follows.
_ORDER = ("graduation", "id_card", "handheld_id", "certificate", "course-cards")
_PROFILE_KEYS = {"schema", "kind", "version", "title", "checks"}
_LINE_KEYS = {"clause", "on_fail", "on_skip", "limits"}


@dataclass(frozen=True, slots=True)
class Line:
    """One check as a profile asks for it.

    Attributes:
        check: the registered check.
        clause: key of the clause's citation in the message files.
        on_fail: what a certain failure does; a doubtful one never does more than ``review``.
        on_skip: what it does when the check could not be assessed.
        limits: keyword arguments of the check, fully typed.
    """

    check: Check
    clause: str
    on_fail: FailEffect
    on_skip: SkipEffect
    limits: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Profile:
    """A loaded rule file; ``source`` is its text and ``sha256`` of its bytes."""

    name: str
    kind: str
    version: str
    title: Mapping[str, str]
    sha256: str
    source: str = field(repr=False)
    lines: tuple[Line, ...]

    @property
    def needs(self) -> frozenset[str]:
        """Costly facts that the checks of one picture will ask for."""
        return frozenset(need for line in self.picture_lines for need in line.check.needs)

    @property
    def picture_lines(self) -> tuple[Line, ...]:
        """What is asked of each picture."""
        return tuple(line for line in self.lines if line.check.topic not in TOGETHER)

    @property
    def together_lines(self) -> tuple[Line, ...]:
        """What is asked of several files together; none for kinds of a single picture."""
        return tuple(line for line in self.lines if line.check.topic in TOGETHER)

    @property
    def is_archive(self) -> bool:
        """Whether its files are archives of pictures."""
        return any(line.check.topic == "archive" for line in self.lines)

    @property
    def takes_sets(self) -> bool:
        """Whether several files of an application can be judged together."""
        return bool(self.together_lines) and not self.is_archive


def shipped() -> tuple[str, ...]:
    """Names of the profiles in this package."""
    folder = resources.files("photo_service.profiles")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def kinds() -> tuple[str, ...]:
    """Document kinds that a shipped profile exists for; each kind's default bears its name."""
    found = {load(name).kind for name in shipped()}
    return (*(kind for kind in _ORDER if kind in found), *sorted(found.difference(_ORDER)))


def resolve(kind: str, profile: str | None = None, folder: Path | None = None) -> Profile:
    """The profile to judge ``kind`` by: a name, a file, or the kind's default.

    Args:
        kind: document kind.
        profile: a name, or a path ending in ``.toml``.
        folder: the operator's own rule files; one of the name asked for goes before the shipped.

    Raises:
        UsageError: no such kind, or the profile is for another kind.
        ProfileError: the profile does not exist or is wrong.
    """
    if kind not in kinds():
        raise UsageError("kind-unknown", kind=kind, known=", ".join(kinds()))
    found = find(profile if profile is not None else kind, folder)
    if found.kind != kind:
        raise UsageError("profile-other-kind", profile=found.name, kind=kind, other=found.kind)
    return found


def names(folder: Path | None = None) -> tuple[str, ...]:
    """Names of all profiles: the shipped ones and those in the operator's folder."""
    own = () if folder is None else (file.stem for file in folder.glob("*.toml"))
    return tuple(sorted({*shipped(), *own}))


def find(name: str, folder: Path | None = None) -> Profile:
    """A profile of the operator's folder, else a shipped one, else a file; see `load`.

    Raises:
        ProfileError: see `load`.
    """
    own = None if folder is None else folder / f"{name}.toml"
    return load(str(own)) if own is not None and own.is_file() else load(name)


def load(name: str) -> Profile:
    """Load a shipped profile by name or any profile by path (ending in ``.toml``).

    Raises:
        ProfileError: not found, not TOML, or a key is unknown, missing or of the wrong type.
    """
    if name.endswith(".toml"):
        path = Path(name)
        try:
            return parse(path.read_bytes(), path.stem)
        except OSError as error:
            raise ProfileError("profile-unreadable", file=name, why=error.strerror) from error
    return _load_shipped(name)


@cache
def _load_shipped(name: str) -> Profile:
    if name not in shipped():
        raise ProfileError("profile-unknown", profile=name, known=", ".join(shipped()))
    data = (resources.files("photo_service.profiles") / f"{name}.toml").read_bytes()
    return parse(data, name)


@lru_cache(64)
def parse(data: bytes, name: str) -> Profile:
    """Build a profile from the bytes of a TOML file; ``name`` names it in errors and reports.

    The same bytes are read once.

    Raises:
        ProfileError: see `load`.
    """
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError("profile-not-toml", file=name, why=str(error)) from error
    read = _Reader(name)
    read.keys(table, _PROFILE_KEYS, "")
    if table["schema"] != 1:
        raise read.error("profile-schema", "schema")
    checks = read.table(table, "checks", "")
    lines = tuple(_line(read, check_id, checks) for check_id in checks)
    if not lines:
        raise read.error("profile-key-missing", "checks.*")
    title = read.table(table, "title", "")
    read.keys(title, {"zh", "en"}, "title")
    return Profile(
        name=name,
        kind=read.text(table, "kind", ""),
        version=read.text(table, "version", ""),
        title=MappingProxyType({lang: read.text(title, lang, "title") for lang in title}),
        sha256=hashlib.sha256(data).hexdigest(),
        source=data.decode("utf-8"),
        lines=lines,
    )


def _line(read: _Reader, check_id: str, checks: Mapping[str, Any]) -> Line:
    where = f"checks.{check_id}"
    if check_id not in registry():
        raise read.error("profile-check-unknown", where)
    check = registry()[check_id]
    table = read.table(checks, check_id, "checks")
    read.keys(table, _LINE_KEYS if check.limits else _LINE_KEYS - {"limits"}, where)
    limits = read.table(table, "limits", where) if check.limits else {}
    read.keys(limits, set(check.limits), f"{where}.limits")
    return Line(
        check=check,
        clause=read.text(table, "clause", where),
        on_fail=read.choice(table, "on_fail", where, get_args(FailEffect)),
        on_skip=read.choice(table, "on_skip", where, get_args(SkipEffect)),
        limits=MappingProxyType(
            {
                key: read.limit(limits[key], check.limits[key], f"{where}.limits.{key}")
                for key in check.limits
            }
        ),
    )


def refuse_unmeetable(rules: Profile, context: Context) -> None:
    """Refuse an expectation that no picture could meet under these rules.

    Raises:
        UsageError: ``type-not-known``.
    """
    if any(line.check.id == EXPECTED_TYPE for line in rules.lines):
        kinds_of_page.wanted(context.expect_type)


class _Reader:
    """Typed reads from a TOML table; every complaint names the file and the key."""

    def __init__(self, file: str) -> None:
        self.file = file

    def error(self, code: str, key: str, **facts: object) -> ProfileError:
        return ProfileError(code, file=self.file, key=key, **facts)

    def keys(self, table: Mapping[str, Any], wanted: set[str], where: str) -> None:
        prefix = f"{where}." if where else ""
        for key in table:
            if key not in wanted:
                known = ", ".join(sorted(wanted))
                raise self.error("profile-key-unknown", prefix + key, known=known)
        for key in sorted(wanted):
            if key not in table:
                raise self.error("profile-key-missing", prefix + key)

    def table(self, table: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
        value = table[key]
        if not isinstance(value, dict):
            raise self.error("profile-type", f"{where}.{key}".lstrip("."), wanted="table")
        return value

    def text(self, table: Mapping[str, Any], key: str, where: str) -> str:
        value = table[key]
        if not isinstance(value, str) or not value:
            raise self.error("profile-type", f"{where}.{key}".lstrip("."), wanted="quoted text")
        return value

    def choice(
        self, table: Mapping[str, Any], key: str, where: str, choices: tuple[Any, ...]
    ) -> Any:
        value = self.text(table, key, where)
        if value not in choices:
            wanted = " | ".join(map(str, choices))
            raise self.error("profile-type", f"{where}.{key}", wanted=wanted)
        return value

    def limit(self, value: Any, wanted: Any, key: str) -> Any:
        if wanted is Band:
            return self._band(value, key)
        if wanted is Range:
            return self._range(value, key)
        if wanted is float:
            return self._number(value, key)
        if wanted is int:
            if isinstance(value, bool) or not isinstance(value, int):
                raise self.error("profile-type", key, wanted="integer")
            return value
        if wanted == tuple[str, ...]:
            texts = isinstance(value, list) and all(isinstance(v, str) for v in value)
            if not texts or not value:
                raise self.error("profile-type", key, wanted="list of text")
            return tuple(value)
        if wanted == Mapping[str, Mapping[str, Range]]:
            return self._range_tables(value, key)
        raise TypeError(f"{key}: checks cannot take limits of type {wanted}")

    def _number(self, value: Any, key: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise self.error("profile-type", key, wanted="number")
        return float(value)

    def _range(self, value: Any, key: str) -> Range:
        """``[low, high]``, or ``{min = …}`` / ``{max = …}`` for an open end."""
        if isinstance(value, list) and len(value) == 2:
            low, high = (self._number(v, key) for v in value)
        elif isinstance(value, dict) and value and set(value) <= {"min", "max"}:
            low = self._number(value.get("min", -math.inf), f"{key}.min")
            high = self._number(value.get("max", math.inf), f"{key}.max")
        else:
            raise self.error("profile-type", key, wanted="[min, max] | {min = …} | {max = …}")
        if low > high:
            raise self.error("profile-range-empty", key)
        return Range(
            min=None if math.isinf(low) else low,
            max=None if math.isinf(high) else high,
        )

    def _band(self, value: Any, key: str) -> Band:
        if not isinstance(value, dict) or "accept" not in value:
            raise self.error("profile-type", key, wanted="{accept, warn, review}")
        for name in value:
            if name not in ("accept", "warn", "review"):
                known = "accept, warn, review"
                raise self.error("profile-key-unknown", f"{key}.{name}", known=known)
        accept = self._range(value["accept"], f"{key}.accept")
        warn = self._range(value["warn"], f"{key}.warn") if "warn" in value else accept
        review = self._range(value["review"], f"{key}.review") if "review" in value else warn
        if not warn.covers(accept) or not review.covers(warn):
            raise self.error("profile-band-order", key)
        return Band(accept, warn, review)

    def _range_tables(self, value: Any, key: str) -> Mapping[str, Mapping[str, Range]]:
        if not isinstance(value, dict) or not value:
            raise self.error("profile-type", key, wanted="tables of ranges")
        result: dict[str, Mapping[str, Range]] = {}
        for name, ranges in value.items():
            if not isinstance(ranges, dict) or not ranges:
                raise self.error("profile-type", f"{key}.{name}", wanted="table of ranges")
            result[name] = MappingProxyType(
                {axis: self._range(r, f"{key}.{name}.{axis}") for axis, r in ranges.items()}
            )
        return MappingProxyType(result)
