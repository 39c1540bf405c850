"""Damage to real files for the fuzzers: the same number, the same file."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

Mutation = Callable[[bytes, bytes, random.Random], bytes]


def flip_bits(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """One to sixteen bits."""
    out = bytearray(data)
    for _n in range(rng.randint(1, 16)):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def overwrite(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """A run of up to 64 bytes with noise, zeros or FFs."""
    start, length = rng.randrange(len(data)), rng.randint(1, 64)
    fill = rng.choice((rng.randbytes(length), b"\0" * length, b"\xff" * length))
    return data[:start] + fill + data[start + length :]


def truncate(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Cut off the end."""
    return data[: rng.randrange(len(data))]


def remove(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Leave out a run."""
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randint(1, 2000) :]


def insert(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Put noise in."""
    start = rng.randrange(len(data))
    return data[:start] + rng.randbytes(rng.randint(1, 300)) + data[start:]


def repeat(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Say a part twice."""
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.randint(1, 3000))
    return data[:end] + data[start:]


def splice(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """Begin as one file and end as another."""
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


def header(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """A number in the first kilobyte set to an extreme, where sizes and lengths live."""
    start = rng.randrange(2, min(len(data) - 4, 1024))
    number = rng.choice((0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, rng.getrandbits(32)))
    packed = struct.pack(">I", number)[-rng.choice((1, 2, 4)) :]
    return data[:start] + packed + data[start + len(packed) :]


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, overwrite, truncate, remove, insert, repeat, splice, header,
)  # fmt: skip


def mutated(seeds: list[bytes], number: int) -> bytes:
    """The ``number``-th damaged file."""
    rng = random.Random(number)
    data, other = rng.choice(seeds), rng.choice(seeds)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if len(data) > 8:
            data = rng.choice(MUTATIONS)(data, other, rng)
    return data
