"""Tolerances for quantities that must agree up to rounding."""

from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.metrics.rounding import rounding_tolerance

ENERGY = {"allowance": 1e-6, "stated": "1e-06 eV/atom", "unit": "eV/atom"}


def test_float64_adds_nothing_to_the_allowance() -> None:
    assert rounding_tolerance("float64", scale=10.0, **ENERGY).value == 1e-6


def test_float32_adds_16_units_in_the_last_place() -> None:
    found = rounding_tolerance("float32", scale=10.0, **ENERGY)
    assert found.value == pytest.approx(1e-6 + 16 * 10.0 * 2**-23, rel=0.05)
    assert found.reason == (
        "ms25-suite: rounding in float32, 1e-06 eV/atom and 16 units in the last place of "
        "10 eV/atom"
    )


def test_a_pairwise_sum_stays_within_the_tolerance() -> None:
    terms = np.random.default_rng(0).normal(size=2**16).astype(np.float32)
    error = abs(float(terms.sum()) - float(terms.astype(np.float64).sum()))
    scale = float(np.abs(terms).sum())
    assert error < rounding_tolerance("float32", scale=scale, **ENERGY).value


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="expected float64 or float32, found 'float31'"):
        rounding_tolerance("float31", scale=1.0, **ENERGY)
