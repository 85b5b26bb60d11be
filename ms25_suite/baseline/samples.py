"""Errors of single frames in a form that fits into a file which is committed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ms25_suite.core.errors import BaselineError
from ms25_suite.core.frames import FloatArray, IntArray

__all__ = ["FrameSample", "PackedSample", "frames_digest", "labels_digest"]

MOST_FRAMES: Final = 1_000_000
"""Frames of a sample that is unpacked: a damaged file must not fill the memory."""


def frames_digest(fingerprints: Iterable[bytes]) -> str:
    """SHA-256 of which frames these are, in their order, as 64 hexadecimal digits.

    Parameters
    ----------
    fingerprints
        Of each frame, as `ms25_suite.core.frames.Frames.fingerprints` gives them.
    """
    digest = hashlib.sha256()
    for one in fingerprints:
        digest.update(one)
    return digest.hexdigest()


def labels_digest(reference: FloatArray) -> str:
    """SHA-256 of the labels of some frames in single precision, as 64 hexadecimal digits.

    Parameters
    ----------
    reference
        Reference values of their components, shape ``(n_components,)``.
    """
    return hashlib.sha256(np.ascontiguousarray(reference, dtype="<f4").tobytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class PackedSample:
    """Errors of single frames as text.

    Parameters
    ----------
    frames
        Which frames these are, see `frames_digest`.
    n
        Number of frames.
    errors
        Mean absolute error of each frame: float32, little-endian, compressed, base64.
    counts
        Number of components of each frame, int32 in the same way.
    groups
        Number of the trajectory of each frame in the same way; empty if all are independent.
    squared
        Whether the errors are root mean squares.
    labels
        What they are errors against, see `labels_digest`; empty if unknown.
    """

    frames: str
    n: int
    errors: str
    counts: str
    groups: str = ""
    squared: bool = False
    labels: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FrameSample:
    """Errors of single frames behind a mean absolute error, or a root mean square error.

    Parameters
    ----------
    frames
        Which frames these are, see `frames_digest`.
    errors
        Mean absolute error of each frame in the unit of the result, or its root mean square error,
        shape ``(n_frames,)``.
    counts
        Number of components of each frame, same shape.
    groups
        Number of the trajectory of each frame, same shape; None if all are independent.
    squared
        Whether the number is the root of the mean of their squares, and not their mean.
    labels
        What they are errors against, see `labels_digest`; empty if unknown.
    """

    frames: str
    errors: FloatArray
    counts: IntArray
    groups: IntArray | None = None
    squared: bool = False
    labels: str = ""

    def packed(self) -> PackedSample:
        """The sample as text, rounded to single precision."""
        return PackedSample(
            self.frames,
            len(self.errors),
            _pack(self.errors, "<f4"),
            _pack(self.counts, "<i4"),
            "" if self.groups is None else _pack(self.groups, "<i4"),
            self.squared,
            self.labels,
        )

    @classmethod
    def unpacked(cls, packed: PackedSample, where: str) -> FrameSample:
        """Inverse of `packed`.

        Parameters
        ----------
        packed
            The text.
        where
            Start of the message of an error.

        Raises
        ------
        BaselineError
            The text is damaged.
        """
        n = packed.n
        if not 0 < n <= MOST_FRAMES:
            msg = f"{where}: expected errors of 1 to {MOST_FRAMES} frames, found {n}"
            raise BaselineError(msg)
        errors = _unpack(packed.errors, "<f4", n, f"{where}: `errors`").astype(np.float64)
        counts = _unpack(packed.counts, "<i4", n, f"{where}: `counts`").astype(np.int64)
        if not np.isfinite(errors).all() or (errors < 0).any() or (counts <= 0).any():
            msg = f"{where}: expected errors that are not negative, and counts above zero"
            raise BaselineError(msg)
        groups = None
        if packed.groups:
            groups = _unpack(packed.groups, "<i4", n, f"{where}: `groups`").astype(np.int64)
        return cls(packed.frames, errors, counts, groups, packed.squared, packed.labels)


def _pack(values: npt.ArrayLike, dtype: str) -> str:
    raw = np.ascontiguousarray(values, dtype=dtype).tobytes()
    return base64.b64encode(zlib.compress(raw, 9)).decode("ascii")


def _unpack(text: str, dtype: str, n: int, where: str) -> npt.NDArray[np.generic]:
    size = n * np.dtype(dtype).itemsize
    try:
        packed = base64.b64decode(text, validate=True)
        # No more than expected: a few bytes can stand for gigabytes.
        raw = zlib.decompressobj().decompress(packed, size + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        msg = f"{where}: the compressed numbers are damaged ({error})"
        raise BaselineError(msg) from error
    if len(raw) != size:
        msg = f"{where}: the compressed numbers are damaged: expected those of {n} frames"
        raise BaselineError(msg)
    return np.frombuffer(raw, dtype=dtype)
