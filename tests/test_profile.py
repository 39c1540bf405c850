"""Profile files: whatever is wrong stops the load and is named with its place."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from photo_service import profile
from photo_service.check import Status
from photo_service.errors import ProfileError, UsageError
from photo_service.messages import LANGUAGES, messages
from photo_service.report import Decision
from photo_service.service import verify
from photo_service.settings import Settings
from tests.conftest import SAMPLES

GOOD = """\
schema = 1
kind = "graduation"
version = "1"
title = { zh = "毕业", en = "Graduation" }

[checks."encoding/readable"]
clause = "seed-format"
on_fail = "reject"
on_skip = "review"

[checks."encoding/pixel_width"]
clause = "nat-pixels"
on_fail = "reject"
on_skip = "review"
limits.width = { accept = [480, 480], warn = [400, 600], review = { min = 295 } }

[checks."encoding/colour_mode"]
clause = "nat-colour-depth"
on_fail = "review"
on_skip = "review"
limits.modes = ["rgb"]

[checks."background/colour"]
clause = "seed-background"
on_fail = "reject"
on_skip = "review"
limits.allowed = { white = { lightness = { min = 90 }, chroma = [0, 8] } }
limits.doubtful = { grey = { lightness = [58, 100] } }

[checks."lighting/skin_hue"]
clause = "seed-focus"
on_fail = "review"
on_skip = "note"
limits.hue = { accept = [26, 72] }
limits.no_hue_below = 4
"""


def parsed(text: str) -> profile.Profile:
    return profile.parse(text.encode(), "made")


def test_good_profile() -> None:
    rules = parsed(GOOD)
    assert [line.check.id for line in rules.lines] == [
        "encoding/readable",
        "encoding/pixel_width",
        "encoding/colour_mode",
        "background/colour",
        "lighting/skin_hue",
    ]
    width = rules.lines[1].limits["width"]
    assert (width.warn.min, width.review.min, width.review.max) == (400, 295, None)
    assert rules.lines[2].limits["modes"] == ("rgb",)
    hue = rules.lines[4].limits["hue"]
    assert hue.accept == hue.warn == hue.review
    assert rules.needs == {"person"}
    assert dict(rules.title) == {"zh": "毕业", "en": "Graduation"}


WRONG = [
    ("schema = 1", "schema = 2", "profile-schema", "schema"),
    ("schema = 1", "shema = 1", "profile-key-unknown", "shema"),
    ('version = "1"\n', "", "profile-key-missing", "version"),
    ('version = "1"', "version = 1", "profile-type", "version"),
    ('kind = "graduation"', 'kind = ""', "profile-type", "kind"),
    (', en = "Graduation"', "", "profile-key-missing", "title.en"),
    ("en =", "fr =", "profile-key-unknown", "title.fr"),
    (
        '"encoding/pixel_width"',
        '"encoding/pixel_widht"',
        "profile-check-unknown",
        "checks.encoding/pixel_widht",
    ),
    (
        "limits.width",
        "limits.widht",
        "profile-key-unknown",
        "checks.encoding/pixel_width.limits.widht",
    ),
    (
        "limits.no_hue_below = 4\n",
        "",
        "profile-key-missing",
        "checks.lighting/skin_hue.limits.no_hue_below",
    ),
    (
        "no_hue_below = 4",
        'no_hue_below = "4"',
        "profile-type",
        "checks.lighting/skin_hue.limits.no_hue_below",
    ),
    (
        "no_hue_below = 4",
        "no_hue_below = true",
        "profile-type",
        "checks.lighting/skin_hue.limits.no_hue_below",
    ),
    (
        "no_hue_below = 4",
        "no_hue_below = nan",
        "profile-type",
        "checks.lighting/skin_hue.limits.no_hue_below",
    ),
    (
        'limits.modes = ["rgb"]',
        "limits.modes = [1]",
        "profile-type",
        "checks.encoding/colour_mode.limits.modes",
    ),
    (
        'limits.modes = ["rgb"]',
        "limits.modes = []",
        "profile-type",
        "checks.encoding/colour_mode.limits.modes",
    ),
    (
        "accept = [480, 480], warn",
        "warn",
        "profile-type",
        "checks.encoding/pixel_width.limits.width",
    ),
    (
        "warn = [400, 600]",
        "wran = [400, 600]",
        "profile-key-unknown",
        "checks.encoding/pixel_width.limits.width.wran",
    ),
    (
        "accept = [480, 480]",
        "accept = [500, 480]",
        "profile-range-empty",
        "checks.encoding/pixel_width.limits.width.accept",
    ),
    (
        "accept = [480, 480]",
        "accept = [480]",
        "profile-type",
        "checks.encoding/pixel_width.limits.width.accept",
    ),
    (
        "accept = [480, 480]",
        "accept = [300, 480]",
        "profile-band-order",
        "checks.encoding/pixel_width.limits.width",
    ),
    (
        "review = { min = 295 }",
        "review = { min = 450 }",
        "profile-band-order",
        "checks.encoding/pixel_width.limits.width",
    ),
    (
        "review = { min = 295 }",
        "review = { mni = 295 }",
        "profile-type",
        "checks.encoding/pixel_width.limits.width.review",
    ),
    (
        "review = { min = 295 }",
        'review = { min = "295" }',
        "profile-type",
        "checks.encoding/pixel_width.limits.width.review.min",
    ),
    (
        "chroma = [0, 8]",
        "chroma = [8, 0]",
        "profile-range-empty",
        "checks.background/colour.limits.allowed.white.chroma",
    ),
    (
        "grey = { lightness = [58, 100] }",
        "grey = 5",
        "profile-type",
        "checks.background/colour.limits.doubtful.grey",
    ),
    (
        'on_fail = "reject"\non_skip = "review"\n\n[checks."encoding/pixel_width"]',
        'on_fail = "refuse"\non_skip = "review"\n\n[checks."encoding/pixel_width"]',
        "profile-type",
        "checks.encoding/readable.on_fail",
    ),
    (
        'on_skip = "note"',
        'on_skip = "reject"',
        "profile-type",
        "checks.lighting/skin_hue.on_skip",
    ),
    (
        'on_skip = "note"',
        'on_skip = "note"\nseverity = 3',
        "profile-key-unknown",
        "checks.lighting/skin_hue.severity",
    ),
    (
        'on_skip = "review"\n\n[checks."encoding/pixel_width"]',
        'on_skip = "review"\nlimits.size = 1\n\n[checks."encoding/pixel_width"]',
        "profile-key-unknown",
        "checks.encoding/readable.limits",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "code", "key"), WRONG, ids=[f"{code}: {new[:32]}" for _, new, code, _ in WRONG]
)
def test_wrong_profile_is_refused_by_name(old: str, new: str, code: str, key: str) -> None:
    assert old in GOOD
    with pytest.raises(ProfileError) as caught:
        parsed(GOOD.replace(old, new, 1))
    assert caught.value.code == code
    assert caught.value.facts["file"] == "made"
    assert caught.value.facts["key"] == key
    for language in LANGUAGES:
        message, advice = messages(language).error(caught.value)
        assert "made" in message
        assert key in message or code == "profile-schema"
        assert not re.search(r"\{[a-z_]+[}:!]", message + advice)


def test_text_that_is_no_toml() -> None:
    for data in (b"schema = ", b"\xff\xfe", b"a = 1\na = 2"):
        with pytest.raises(ProfileError) as caught:
            profile.parse(data, "made")
        assert caught.value.code == "profile-not-toml"
        assert caught.value.facts["file"] == "made"


def test_profile_without_checks() -> None:
    head = GOOD.partition("[checks")[0]
    with pytest.raises(ProfileError) as caught:
        parsed(head + "[checks]\n")
    assert caught.value.facts["key"] == "checks.*"


@pytest.mark.parametrize("name", profile.shipped())
def test_shipped_profile_loads(name: str) -> None:
    rules = profile.load(name)
    assert rules.name == name
    first = "archive" if rules.kind == "course-cards" else "encoding"
    assert rules.lines[0].check.id == f"{first}/readable"
    assert all(rules.title[language] for language in LANGUAGES)


def test_every_kind_has_a_profile_of_its_name() -> None:
    assert set(profile.kinds()) <= set(profile.shipped())
    for kind in profile.kinds():
        assert profile.resolve(kind).kind == kind


def test_unknown_names() -> None:
    with pytest.raises(UsageError) as unknown:
        profile.resolve("passport")
    assert unknown.value.code == "kind-unknown"
    with pytest.raises(ProfileError) as missing:
        profile.load("nothing")
    assert missing.value.code == "profile-unknown"
    with pytest.raises(ProfileError) as unreadable:
        profile.load("/nowhere/at/all.toml")
    assert unreadable.value.code == "profile-unreadable"


def test_profile_of_another_kind(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text(GOOD.replace('kind = "graduation"', 'kind = "other"'), "utf-8")
    with pytest.raises(UsageError) as caught:
        profile.resolve("graduation", str(file))
    assert caught.value.code == "profile-other-kind"


def test_changed_limit_changes_the_verdict(tmp_path: Path, settings: Settings) -> None:
    data = (SAMPLES / "accepted-blue.jpg").read_bytes()
    shipped = resources.files("photo_service.profiles") / "graduation.toml"
    text = shipped.read_text("utf-8")
    assert verify(data, settings=settings).decision is Decision.ACCEPTED
    file = tmp_path / "wide.toml"
    old = "limits.width = { accept = { min = 295 } }"
    assert old in text
    file.write_text(text.replace(old, "limits.width = { accept = { min = 3000 } }"), "utf-8")
    report = verify(data, profile=str(file), settings=settings)
    assert report.decision is Decision.REJECTED
    assert report.profile_name == "wide"
    assert report.profile_sha256 != profile.load("graduation").sha256
    rejecting = [f.code for f in report.findings if f.status is Status.FAIL]
    assert "width-few" in rejecting
