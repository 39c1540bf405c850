"""The citizen identity number after GB 11643-1999: check digit, birth date, sex."""

from __future__ import annotations

import re
from datetime import date

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
LENGTH = 18
_SHAPE = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)


def check_digit(number: str) -> str:
    """The 18th character that belongs to the first 17 digits of ``number``."""
    total = sum(
        int(digit) * weight for digit, weight in zip(number[: LENGTH - 1], WEIGHTS, strict=True)
    )
    return CHECK_DIGITS[total % 11]


def is_valid(number: str) -> bool:
    """Whether a number has 18 characters, the right check digit and a real birth date."""
    return (
        _SHAPE.fullmatch(number) is not None
        and number[-1] == check_digit(number)
        and birth_of(number) is not None
    )


def birth_of(number: str) -> date | None:
    """The birth date in digits 7 to 14; None when it is no date."""
    digits = number[6:14]
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def sex_of(number: str) -> str:
    """男 for an odd 17th digit, 女 for an even one; ``""`` when there is none."""
    if len(number) < LENGTH - 1 or not number[LENGTH - 2].isdigit():
        return ""
    return "男" if int(number[LENGTH - 2]) % 2 else "女"


def age_on(birth: date, day: date) -> int:
    """Whole years of age on a day; negative before birth."""
    had_birthday = (day.month, day.day) >= (birth.month, birth.day)
    return day.year - birth.year - (0 if had_birthday else 1)


def masked(number: str) -> str:
    """The number with its middle hidden: 110105********002X."""
    if len(number) <= 10:
        return "*" * len(number)
    return number[:6] + "*" * (len(number) - 10) + number[-4:]
