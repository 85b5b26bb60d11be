from __future__ import annotations

from dataclasses import replace

import pytest

from ms25_suite.core.results import Verdict
from ms25_suite.core.thresholds import MIN_FRAMES, Threshold
from ms25_suite.criteria.verdicts import verdict_on

MAE = Threshold(35.0, "meV/Å", "mae", "a test")
BARRIER = Threshold(0.06, "eV", "error", "a test")


@pytest.mark.parametrize("n_frames", [*range(1, MIN_FRAMES), MIN_FRAMES - 0.1])
def test_few_frames_never_pass(n_frames: float) -> None:
    interval = None if n_frames == 1 else (29.0, 31.0)
    verdict, why = verdict_on(30.0, interval, MAE, n_frames)
    assert verdict is Verdict.UNDECIDED
    assert f"at least {MIN_FRAMES} independent frames" in why
    assert verdict_on(30.0, (29.0, 31.0), MAE, MIN_FRAMES) == (Verdict.PASS, "")


def test_few_frames_above_the_threshold_fail() -> None:
    assert verdict_on(74.0, None, MAE, 1)[0] is Verdict.FAIL
    assert verdict_on(74.0, (70.0, 78.0), MAE, 2)[0] is Verdict.FAIL


def test_a_statistic_without_an_interval_does_not_pass() -> None:
    verdict, why = verdict_on(1.0, None, MAE)
    assert verdict is Verdict.UNDECIDED
    assert why.startswith("no interval")


def test_what_hangs_on_one_frame_does_not_pass() -> None:
    doubt = "one frame of 40 has 60 % of the error"
    verdict, why = verdict_on(30.0, (29.0, 31.0), MAE, 40, doubt=doubt)
    assert verdict is Verdict.UNDECIDED
    assert why.startswith(doubt)
    # Nor does it open the gate by being no better than no model.
    assert verdict_on(30.0, (29.0, 31.0), MAE, 40, 20.0, doubt)[0] is Verdict.FAIL
    assert verdict_on(40.0, (36.0, 90.0), MAE, 40, doubt=doubt)[0] is Verdict.FAIL
    # Of rounding, it does not matter who has most.
    assert verdict_on(1e-12, (5e-13, 1e-11), MAE, 40, doubt=doubt) == (Verdict.PASS, "")
    assert verdict_on(0.034, (0.03, 0.04), MAE, 40, doubt=doubt)[0] is Verdict.PASS
    assert verdict_on(0.036, (0.03, 0.04), MAE, 40, doubt=doubt)[0] is Verdict.UNDECIDED


def test_one_observable_of_one_structure_needs_no_interval() -> None:
    assert verdict_on(0.01, None, BARRIER, 1) == (Verdict.PASS, "")
    assert verdict_on(0.1, None, BARRIER, 1)[0] is Verdict.FAIL


@pytest.mark.parametrize("value", [20.0, 30.0])
def test_no_better_than_no_model_fails(value: float) -> None:
    verdict, why = verdict_on(value, (value - 1, value + 1), MAE, 100, without_model=20.0)
    assert verdict is Verdict.FAIL
    assert "no better than no model: the error is 20 meV/Å" in why
    # Also where the threshold alone would leave it open.
    assert verdict_on(34.9, (34.0, 36.0), MAE, 100, without_model=20.0)[0] is Verdict.FAIL


def test_better_than_no_model_passes() -> None:
    assert verdict_on(19.0, (18.0, 20.0), MAE, 100, without_model=20.0) == (Verdict.PASS, "")


def test_labels_that_do_not_vary_decide_nothing() -> None:
    """All forces of an unrattled crystal are zero: zero forces are no worse than any potential."""
    verdict, why = verdict_on(1e-9, (0.0, 1e-8), MAE, 100, without_model=1e-12)
    assert verdict is Verdict.UNDECIDED
    assert "hardly vary" in why
    assert verdict_on(0.0, (0.0, 0.0), MAE, 100, without_model=1e-12)[0] is Verdict.PASS


def test_what_is_not_finite_has_no_verdict() -> None:
    with pytest.raises(ValueError, match="finite"):
        verdict_on(float("nan"), None, replace(MAE, metric="error"))
