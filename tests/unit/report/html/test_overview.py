"""First screen: the worst number of each criterion, and what was judged."""

from __future__ import annotations

import pytest

from ms25_suite.core.records import DatasetRecord, RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report.html.overview import hover_text, judged_on, overview
from tests.helpers.reports import ERROR, make_result


def fail(value: float, **changes: object) -> CheckResult:
    return make_result(value=value, interval=None, verdict=Verdict.FAIL, **changes)


def test_the_worst_is_the_farthest_beyond_its_threshold() -> None:
    results = [
        make_result(),
        fail(70.0, dataset="hea", test_dataset="hea"),
        # 3 of 1 is farther than 70 of 35.
        fail(3.0, threshold=1.0, unit="meV/atom", quantity="energy"),
        make_result(criterion="eos", quantity="volume", metric="error", unit="%", value=0.5),
    ]
    found = overview(RunRecord(), results)
    assert [name for name, _ in found.criteria] == ["error_thresholds", "eos"]
    (row,) = found.rows
    assert (row.potential, row.worst) == ("mace-β", Verdict.FAIL)
    errors, eos = row.cells
    assert errors is not None
    assert eos is not None
    assert (errors.number, errors.what) == ("3.00 meV/atom", "energy mae, mgo")
    assert errors.counts == "2 fail, 1 pass"
    assert eos.counts == "1 pass"


@pytest.mark.parametrize(
    ("results", "number"),
    [
        # What passes narrowly comes before what passes by far.
        ([make_result(value=1.0), make_result(value=34.0, quantity="energy")], "34.0 meV/Å"),
        # Larger is better: half of what is asked for is worse than most of it.
        (
            [
                fail(50.0, threshold=100.0, at_least=True),
                fail(90.0, threshold=100.0, at_least=True, quantity="energy"),
            ],
            "50.0 meV/Å",
        ),
        ([fail(1.0, threshold=0.0), fail(1e6, quantity="energy")], "1.00 meV/Å"),
        # None of what must not be there is not close to its threshold.
        ([make_result(value=0.0, threshold=0.0), make_result(value=0.1)], "0.100 meV/Å"),
        # A gain is not close to a mark for losses.
        (
            [
                make_result(value=-90.0, metric="difference", interval=None),
                make_result(value=1.0, metric="difference", quantity="energy", interval=None),
            ],
            "1.00 meV/Å",
        ),
        # Without a number it could be anything.
        ([fail(1e6), make_result(value=None, interval=None, verdict=Verdict.FAIL)], ""),
    ],
)
def test_order(results: list[CheckResult], number: str) -> None:
    cell = overview(RunRecord(), results).rows[0].cells[0]
    assert cell is not None
    assert cell.number == number


def test_what_was_not_run_has_no_cell() -> None:
    results = [make_result(), make_result(potential="b", criterion="eos")]
    (first, second) = overview(RunRecord(), results).rows
    assert [one is None for one in first.cells] == [True, False]
    assert [one is None for one in second.cells] == [False, True]


def test_what_was_judged_on_what() -> None:
    run = RunRecord(datasets=(DatasetRecord(name="mgo", stand_in=True),))
    results = [make_result(), ERROR, make_result(test_dataset="hea")]
    judged, stand_in = judged_on(run, results)
    assert judged == "mace-β and q on mgo† and hea"
    assert stand_in == "† Stand-in labels (mgo): the reference is not that of the paper"
    assert judged_on(RunRecord(), results)[1] == ""
    assert judged_on(RunRecord(), []) == ("", "")
    many = [make_result(potential=f"p{k}") for k in range(20)]
    assert judged_on(RunRecord(), many)[0] == "20 potentials on mgo"


def test_hover() -> None:
    assert hover_text(make_result()) == "31.2 [30.5, 32.0] meV/Å; threshold ≤ 35; 80 frames"
    assert hover_text(ERROR) == "threshold ≤ 35; 80 frames; WorkerDiedError: gone"
