"""The drawn ID cards: they say what their truth says, and none could pass for a real one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.text import TextReader
from photo_service.service import open_models
from photo_service.settings import Settings
from tests.conftest import SAMPLES

sys.path.insert(0, str(SAMPLES))

import cards  # isort: skip
import cards_holder  # isort: skip
import cards_people  # isort: skip
import cards_scenes  # isort: skip
import cards_tables  # isort: skip
from cards_camera import OUTLINE, Drawn  # isort: skip
from subject import astronaut  # isort: skip

SEEDS = range(20)
QUICK = ("flat scan", "mirrored", "screenshot", "too small")


@cache
def silhouette() -> NDArray[np.uint8]:
    """A head and shoulders of one colour."""
    shape = np.zeros((400, 320, 4), np.uint8)
    cv2.ellipse(shape, (160, 150), (80, 105), 0, 0, 360, (205, 160, 130, 255), -1)
    cv2.ellipse(shape, (160, 410), (150, 150), 0, 0, 360, (60, 70, 100, 255), -1)
    return shape


@cache
def supplies() -> cards_scenes.Supplies:
    return cards_scenes.Supplies(
        portraits=(silhouette(),),
        fonts=((cards.DROID, cards.PILLOW),),
        tables=tuple(cards_tables.TABLES),
        inks=(cards.BLUE_INK,),
        tints=(cards.PALE,),
    )


@cache
def drawn(condition: str, seed: int = 1) -> Drawn:
    return cards_scenes.draw(condition, seed, supplies())


@pytest.fixture(scope="module")
def reader() -> Iterator[TextReader]:
    reader = TextReader()
    yield reader
    reader.close()


def someone(seed: int) -> cards_people.Fields:
    return cards_people.someone(np.random.default_rng(seed))


def is_right(number: str) -> bool:
    return number[17] == cards_people.check_digit(number[:17])


def test_check_digit_of_the_published_example() -> None:
    assert cards_people.check_digit("11010519491231002") == "X"


@pytest.mark.parametrize("seed", SEEDS)
def test_people_have_numbers_that_belong_to_nobody_and_agree_with_them(seed: int) -> None:
    person = someone(seed)
    assert len(person.number) == 18
    assert is_right(person.number)
    assert person.number[2:4] == "99"
    assert person.number[6:14] == f"{person.birth:%Y%m%d}"
    assert (int(person.number[16]) % 2 == 1) == (person.sex == "男")


@pytest.mark.parametrize("seed", SEEDS)
def test_made_faults_of_numbers_are_one_fault_each(seed: int) -> None:
    number = someone(seed).number
    rng = np.random.default_rng(seed)
    wrong = cards_people.wrong_check_digit(number, rng)
    assert wrong[:17] == number[:17]
    assert not is_right(wrong)
    other_birth = cards_people.other_birth(number, rng)
    assert is_right(other_birth)
    assert other_birth[6:14] != number[6:14]
    assert other_birth[14:17] == number[14:17]
    other_sex = cards_people.other_sex(number)
    assert is_right(other_sex)
    assert other_sex[:16] == number[:16]
    assert int(other_sex[16]) % 2 != int(number[16]) % 2


@pytest.mark.parametrize("side", ["portrait", "temporary", "emblem"])
def test_every_side_says_specimen(side: str, reader: TextReader) -> None:
    style = cards.Style()
    if side == "emblem":
        card = cards.emblem_side(style)
    elif side == "temporary":
        card = cards.temporary_side(someone(1), silhouette(), style)
    else:
        card = cards.portrait_side(someone(1), silhouette(), style)
    corner = np.ascontiguousarray(card.rgb[560:, 640:])
    words = "".join(line.text for line in reader.lines(corner, 512, 4))
    assert "SPECIMEN" in words
    assert "样本" in words


def test_what_is_printed_reads_as_the_truth_says(reader: TextReader) -> None:
    person = someone(2)
    card = cards.portrait_side(person, silhouette(), cards.Style())
    words = [line.text.replace(" ", "") for line in reader.lines(card.rgb, 736, 30)]
    assert person.number in words
    assert person.name in words
    assert any("公民身份号码" in word for word in words)


@pytest.mark.parametrize("condition", QUICK)
def test_a_seed_always_gives_the_same_picture(condition: str) -> None:
    first = drawn(condition)
    again = cards_scenes.draw(condition, 1, supplies())
    other = drawn(condition, 2)
    assert first.fields == again.fields
    assert np.array_equal(first.rgb, again.rgb)
    assert not np.array_equal(first.rgb, other.rgb)


@pytest.mark.parametrize("seed", range(1, 3))
def test_the_card_lies_where_the_truth_says(seed: int, reader: TextReader) -> None:
    picture = drawn("moderate", seed)
    assert picture.fields is not None
    move = cv2.getPerspectiveTransform(picture.quad, OUTLINE)
    flat = cv2.warpPerspective(picture.rgb, move, (cards.WIDTH, cards.HEIGHT))
    row = np.ascontiguousarray(flat[490:600, 300:])
    words = [line.text.replace(" ", "") for line in reader.lines(np.asarray(row, np.uint8), 736, 3)]
    assert picture.fields.number in words


def winding(quad: NDArray[np.float32]) -> float:
    """Positive for corners that go clockwise as one looks at the picture."""
    ahead = np.roll(quad, -1, axis=0)
    return float((quad[:, 0] * ahead[:, 1] - ahead[:, 0] * quad[:, 1]).sum())


@pytest.mark.parametrize("seed", range(1, 3))
def test_only_a_mirrored_card_runs_the_other_way_round(seed: int) -> None:
    assert winding(drawn("mirrored", seed).quad) < 0
    assert winding(drawn("corner cut", seed).quad) > 0


def test_turning_goes_clockwise() -> None:
    upright, turned = (drawn(name).quad for name in ("flat scan", "turned 90"))
    assert upright[1, 0] > upright[0, 0]
    assert turned[1, 1] > turned[0, 1]


@pytest.mark.parametrize("condition", ["clean", "corner cut", "finger", "copy in grey"])
def test_whole_cards_lie_inside_and_the_cut_one_does_not(condition: str) -> None:
    picture = drawn(condition)
    size = np.array([picture.rgb.shape[1], picture.rgb.shape[0]])
    assert (picture.quad > 0).all()
    assert (picture.quad < size).all()
    outside = drawn("outside")
    size = np.array([outside.rgb.shape[1], outside.rgb.shape[0]])
    assert (outside.quad < 0).any() or (outside.quad > size).any()


@pytest.mark.parametrize("seed", range(1, 3))
def test_readable_pictures_have_digits_of_eighteen_pixels(seed: int) -> None:
    assert drawn("flat scan", seed).digit_height >= 18
    assert drawn("corner cut", seed).digit_height >= 18
    assert drawn("too small", seed).digit_height < 12


@pytest.mark.parametrize("condition", ["clean", "noisy", "moderate"])
def test_files_stay_below_the_portals_limit(condition: str) -> None:
    assert len(drawn(condition).encoded()) < 2 * 1024 * 1024


def test_somebody_holds_the_card(settings: Settings) -> None:
    with open_models(settings) as models:
        with_holder = replace(supplies(), holders=(astronaut(models),))
        picture = cards_holder.draw("moderate", 3, with_holder)
        faces = models.submit_faces(picture.rgb).result()
    share = float(np.ptp(picture.quad[:, 0])) / picture.rgb.shape[1]
    assert 0.15 < share < 0.42
    assert len(faces) >= 1
    mirrored = cards_holder.draw("mirrored", 3, with_holder)
    assert winding(mirrored.quad) < 0 < winding(picture.quad)
