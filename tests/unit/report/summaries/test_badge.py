"""The colour of a badge is never greener than the run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import Verdict
from ms25_suite.report.summaries.badge import badge
from tests.helpers.reports import ERROR, RUN, make_result

PASSED = make_result()
FAILED = make_result(verdict=Verdict.FAIL, quantity="energy")
UNDECIDED = make_result(verdict=Verdict.UNDECIDED, quantity="energy")
MARKED = make_result(verdict=Verdict.INCOMPARABLE)


@pytest.mark.parametrize(
    ("results", "status", "message", "colour"),
    [
        ([PASSED], 0, "1 of 1 passed", "brightgreen"),
        ([PASSED, FAILED], 1, "1 of 2 passed", "red"),
        ([PASSED, UNDECIDED], 0, "1 of 2 passed", "yellow"),
        ([PASSED, ERROR], 1, "1 of 1 passed, 1 not run", "red"),
        ([PASSED], 5, "1 of 1 passed", "yellow"),
        ([PASSED], None, "cut off", "red"),
        ([MARKED], 5, "not judged", "lightgrey"),
        ([], 5, "not judged", "lightgrey"),
    ],
)
def test_a_badge(results: list, status: int | None, message: str, colour: str) -> None:  # type: ignore[type-arg]
    found = badge(replace(RUN, exit_status=status), results)
    assert (found["message"], found["color"]) == (message, colour)
    assert (found["schemaVersion"], found["label"]) == (1, "MS25")


def test_one_of_several_runs_that_was_cut_off() -> None:
    ended = replace(RUN, potentials=(), datasets=(), exit_status=0)
    merged = RunRecord(runs=(ended, replace(ended, id="2", exit_status=None)), started=RUN.started)
    assert badge(merged, [PASSED])["color"] == "red"
