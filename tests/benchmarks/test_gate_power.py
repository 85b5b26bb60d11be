"""The promise of docs/ci.md: false alarms are rare, and a large change is found."""

from __future__ import annotations

import pytest

from tests.benchmarks.gate_power import CASES, SQUARED, alarms


@pytest.mark.parametrize("name", CASES)
def test_false_alarms_and_power(name: str) -> None:
    with_allowance, without = alarms(CASES[name], 0.0, 1000)
    assert with_allowance <= 5
    # 2.5 % for normal errors, twice as many for 30 frames with heavy tails; the noise of so many
    # draws is 0.7.
    assert without <= 7
    assert alarms(CASES[name], 0.5, 1000)[0] >= 50


@pytest.mark.parametrize("name", SQUARED)
def test_false_alarms_of_root_mean_squares(name: str) -> None:
    assert alarms(CASES[name], 0.0, 1000, squared=True)[0] <= 5.5
    assert alarms(CASES[name], 0.5, 1000, squared=True)[0] >= 50
