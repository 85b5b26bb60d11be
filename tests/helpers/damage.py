"""Damage of files: flipped bits, changed bytes, zeroed and cut-off parts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def damaged(whole: bytes, n: int, seed: int = 0) -> Iterator[bytes]:
    """Variants of some bytes, each with one damage; all of them differ from the original.

    Parameters
    ----------
    whole
        The original.
    n
        Number of variants; the damage goes round the kinds.
    seed
        Seed of the places.
    """
    rng = np.random.default_rng(seed)
    kinds = (_flip_bit, _change_byte, _zero, _cut, _extend, _repeat)
    given = 0
    while given < n:
        changed = bytearray(whole)
        changed = kinds[given % len(kinds)](changed, rng)
        if changed != whole:
            given += 1
            yield bytes(changed)


def _flip_bit(data: bytearray, rng: np.random.Generator) -> bytearray:
    data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    return data


def _change_byte(data: bytearray, rng: np.random.Generator) -> bytearray:
    # Most readers look at the end of an archive and the start of a text.
    place = int(rng.integers(min(64, len(data))))
    data[place if rng.integers(2) else -1 - place] = int(rng.integers(256))
    return data


def _zero(data: bytearray, rng: np.random.Generator) -> bytearray:
    start = int(rng.integers(len(data)))
    end = min(len(data), start + int(rng.integers(1, 4096)))
    data[start:end] = bytes(end - start)
    # A part that was zero before has not changed.
    return data


def _cut(data: bytearray, rng: np.random.Generator) -> bytearray:
    return data[: rng.integers(len(data))]


def _extend(data: bytearray, rng: np.random.Generator) -> bytearray:
    return data + rng.bytes(int(rng.integers(1, 50)))


def _repeat(data: bytearray, rng: np.random.Generator) -> bytearray:
    """A block that was written to another place too."""
    size = int(rng.integers(1, 1 + len(data) // 2))
    source, target = rng.integers(len(data) - size + 1, size=2)
    data[target : target + size] = data[source : source + size]
    return data
