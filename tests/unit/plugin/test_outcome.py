"""The exit code follows the recorded verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.plugin.outcome import decide

OK, FAILED = int(pytest.ExitCode.OK), int(pytest.ExitCode.TESTS_FAILED)
NOTHING, INTERNAL = int(pytest.ExitCode.NO_TESTS_COLLECTED), int(pytest.ExitCode.INTERNAL_ERROR)


def result(verdict: Verdict | None = Verdict.PASS, **fields: Any) -> CheckResult:
    known = {
        "criterion": "error_thresholds",
        "dataset": "cha",
        "test_dataset": "cha",
        "potential": "model",
        "quantity": "energy",
        "metric": "mae",
    }
    return CheckResult(**{**known, **fields}, verdict=verdict)


GAP = result(Verdict.SKIP, quantity="forces", unjudged=True, reason="no labels. Name them")


def test_passes_are_a_success() -> None:
    found = decide(OK, [result(), result(None, metric="rmse")], strict=False)
    assert (found.status, found.messages) == (OK, ())
    assert decide(OK, [result(), result(Verdict.UNDECIDED)], strict=False).status == OK


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.ERROR])
def test_success_against_a_verdict_is_an_internal_error(verdict: Verdict) -> None:
    found = decide(OK, [result(), result(verdict, quantity="forces")], strict=False)
    assert found.status == INTERNAL
    assert f"{verdict}, forces of model on cha" in found.messages[0]
    assert decide(FAILED, [result(verdict)], strict=False).status == FAILED


def test_undecided_contradicts_success_in_a_strict_run() -> None:
    results = [result(), result(Verdict.UNDECIDED, quantity="forces")]
    assert decide(OK, results, strict=True).status == INTERNAL


INCOMPARABLE = result(Verdict.INCOMPARABLE, incomparable=True)


def test_numbers_of_two_levels_of_theory_do_not_count() -> None:
    rest = result(None, metric="rmse", incomparable=True)
    found = decide(OK, [INCOMPARABLE, rest], strict=True)
    assert found.status == NOTHING
    (why,) = found.messages
    assert why.startswith("nothing was judged: every number compares two levels of theory")
    # Skipped checks beside them change nothing; what was judged does.
    assert decide(OK, [INCOMPARABLE, result(Verdict.SKIP)], strict=False).status == NOTHING
    found = decide(OK, [INCOMPARABLE, result(quantity="supercell_energy")], strict=True)
    assert found.status == OK
    assert found.messages == ("not counted: 1 number of two levels of theory (model on cha)",)
    found = decide(FAILED, [INCOMPARABLE, result(Verdict.FAIL, quantity="x")], strict=False)
    assert found.status == FAILED


@pytest.mark.parametrize("verdict", [Verdict.UNDECIDED, Verdict.INCOMPARABLE])
def test_a_law_alone_opens_no_gate(verdict: Verdict) -> None:
    """That forces are derivatives says nothing about accuracy, which was asked for too."""
    law = result(criterion="consistency", quantity="rotation", metric="error")
    accuracy = result(verdict, incomparable=verdict is Verdict.INCOMPARABLE)
    assert decide(OK, [law, accuracy], strict=False).status == NOTHING
    assert decide(OK, [law], strict=False).status == OK
    assert decide(OK, [law, result(Verdict.SKIP, criterion="eos")], strict=False).status == OK
    assert decide(OK, [law, accuracy, result(criterion="eos")], strict=False).status == OK


def test_a_number_of_two_levels_closes_no_gap() -> None:
    """It says nothing about forces that another check could not judge."""
    beside = result(Verdict.INCOMPARABLE, quantity="forces", criterion="framework_transfer")
    assert decide(OK, [result(), GAP, beside], strict=False).status == NOTHING


def test_a_check_that_recorded_nothing_is_an_internal_error() -> None:
    found = decide(OK, [result()], strict=False, silent=["test_eos.py::test_eos[hea]"])
    assert found.status == INTERNAL
    assert "test_eos[hea]" in found.messages[0]


@pytest.mark.parametrize(
    ("results", "paths", "words"),
    [
        ([], True, "Leave their paths out"),
        ([], False, "Is every check left out"),
        ([result(Verdict.SKIP)], False, "every check was skipped"),
        ([result(Verdict.UNDECIDED), result(None, metric="rmse")], False, "nothing was decided"),
    ],
)
def test_a_session_that_judged_nothing_is_no_success(
    results: list[CheckResult], paths: bool, words: str
) -> None:
    found = decide(OK, results, strict=False, paths_given=paths)
    assert found.status == NOTHING
    assert words in found.messages[-1]


def test_a_number_without_a_threshold_is_an_answer() -> None:
    assert decide(OK, [result(None, metric="rate")], strict=False).status == OK


@pytest.mark.parametrize("strict", [False, True])
def test_a_gap_is_no_success_and_is_named(strict: bool) -> None:
    found = decide(OK, [result(), GAP], strict=strict)
    assert found.status == NOTHING
    assert found.messages == (
        "not judged: forces of model on cha (error_thresholds): no labels. Name them",
    )
    # A failure says more, and the gap is named all the same.
    failed = decide(FAILED, [result(Verdict.FAIL), GAP], strict=strict)
    assert (failed.status, failed.messages) == (FAILED, found.messages)


def test_a_right_skip_is_no_gap() -> None:
    skip = result(Verdict.SKIP, quantity="stress")
    assert decide(OK, [result(), skip], strict=False).status == OK


def test_what_another_criterion_judged_is_no_gap() -> None:
    """Errors on a framework may be those of a transfer to it."""
    transfer = result(
        criterion="framework_transfer", dataset="cha", test_dataset="fau", quantity="forces"
    )
    skip = result(Verdict.SKIP, dataset="fau", test_dataset="fau", quantity="forces", unjudged=True)
    assert decide(OK, [transfer, skip], strict=False).status == OK
    other = result(
        Verdict.SKIP, dataset="fau", test_dataset="fau", quantity="energy", unjudged=True
    )
    assert decide(OK, [transfer, other], strict=False).status == NOTHING


@pytest.mark.parametrize("status", [1, 2, 3, 4])
def test_other_exit_codes_are_kept(status: int) -> None:
    assert decide(status, [], strict=False).status == status
