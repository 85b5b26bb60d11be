from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ms25_suite.baseline.samples import FrameSample, frames_digest
from ms25_suite.core.errors import BaselineError
from tests.helpers.baselines import sample_of


def test_text_and_back() -> None:
    errors = np.abs(np.random.default_rng(0).normal(size=500))
    for groups in (None, np.arange(500) // 5):
        sample = replace(sample_of(errors, groups), squared=groups is None)
        found = FrameSample.unpacked(sample.packed(), "x")
        assert found.errors == pytest.approx(errors, rel=1e-7)
        assert np.array_equal(found.counts, sample.counts)
        assert (found.groups is None) == (groups is None)
        assert found.squared == sample.squared
        # 4 bytes a frame, in base64; the equal counts take next to nothing.
        assert len(repr(sample.packed())) < 4000


def test_which_frames_and_their_order_matter() -> None:
    one, two = b"1" * 16, b"2" * 16
    assert frames_digest([one, two]) != frames_digest([two, one])
    assert frames_digest([one, two]) == frames_digest(iter([one, two]))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("n", 0, "expected errors of 1 to"),
        ("n", 10**9, "expected errors of 1 to"),
        ("n", 7, "expected those of 7 frames"),
        ("errors", "%%%", "are damaged"),
        ("errors", "AAAA", "are damaged"),
        ("counts", sample_of(np.array([2.0, 3.0])).packed().errors, "expected those of 3 frames"),
        ("errors", sample_of(np.array([1.0, np.nan, 1.0])).packed().errors, "not negative"),
        ("errors", sample_of(np.array([1.0, -1.0, 1.0])).packed().errors, "not negative"),
    ],
)
def test_damaged_text(field: str, value: object, words: str) -> None:
    packed = sample_of(np.array([1.0, 2.0, 3.0])).packed()
    with pytest.raises(BaselineError, match=words):
        FrameSample.unpacked(replace(packed, **{field: value}), "a file")
