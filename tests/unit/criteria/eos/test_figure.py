from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.run_record import RunRecord
from ms25_suite.criteria.eos.figure import draw_observable, observable_groups
from ms25_suite.report import write_report
from ms25_suite.report.figures.canvas import drawing
from ms25_suite.report.figures.message import draw_message, observable_points

VOLUMES = [10.0, 11.0, 12.0]


def result(criterion: str, quantity: str, metric: str, **given: Any) -> CheckResult:
    base: dict[str, Any] = {
        "dataset": "alloys",
        "test_dataset": "alloys",
        "potential": "mine",
        "unit": "meV/Å",
        "value": 10.0,
        "threshold": 35.0,
        "verdict": Verdict.PASS,
    }
    return CheckResult(criterion=criterion, quantity=quantity, metric=metric, **{**base, **given})


def curve(name: str, error: float | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": name,
        "volumes": VOLUMES,
        "reference": [-1.0, -1.1, -1.0],
        "predicted": [-1.0, -1.1, None if error is None else -1.0],
        "failure": "not-finite" if error is None else "",
    }
    return entry if error is None else entry | {"error": error}


def eos(*curves: dict[str, Any], **given: Any) -> CheckResult:
    fields = {"unit": "Å", "threshold": 0.05, "value": 0.1, "verdict": Verdict.FAIL}
    details = {"eos": {"curves": list(curves)}}
    return result("eos", "lattice_constant", "error", **(fields | {"details": details} | given))


def neb(*, converged: bool) -> CheckResult:
    path = {
        "lengths": [0.0, 1.0, 2.0],
        "energies": [0.0, 0.5, -0.1],
        "barrier": 0.5,
        "converged": converged,
        "reference": {"barrier": 0.4, "lengths": [0.0, 1.0, 2.0], "energies": [0.0, 0.4, -0.1]},
    }
    value, verdict = (0.1, Verdict.FAIL) if converged else (None, Verdict.FAIL)
    fields: dict[str, Any] = {"unit": "eV", "threshold": 0.06, "value": value, "verdict": verdict}
    return result("neb_barrier", "barrier", "error", details={"neb": path}, **fields)


ERRORS = [
    result("error_thresholds", "energy", "mae", unit="meV/atom", value=1.0, threshold=2.5),
    result("error_thresholds", "forces", "mae"),
]


def test_errors_that_pass_do_not_hide_an_observable_that_fails() -> None:
    (point,) = observable_points([*ERRORS, eos(curve("a", 0.1))])
    assert point.flag == "errors pass, lattice constant fails"
    assert point.label == "alloys: lattice constant"


def test_a_curve_without_fit_counts_as_a_failure_of_the_observable() -> None:
    good = eos(curve("a", 0.01), curve("b", None), value=0.01, verdict=Verdict.PASS)
    unfit = result("eos", "unfit_curves", "measurement", value=1.0, verdict=Verdict.FAIL)
    (point,) = observable_points([*ERRORS, good, unfit])
    assert point.flag == "errors pass, lattice constant fails"
    relaxed = result("eos", "relaxed_unfit_curves", "measurement", verdict=Verdict.FAIL)
    (point,) = observable_points([*ERRORS, good, relaxed])
    assert point.flag == ""


def test_the_other_way_round_is_said_too() -> None:
    bad = result("error_thresholds", "forces", "mae", value=90.0, verdict=Verdict.FAIL)
    good = eos(curve("a", 0.01), value=0.01, verdict=Verdict.PASS)
    (point,) = observable_points([ERRORS[0], bad, good])
    assert point.flag == "errors fail, lattice constant passes"


def test_without_both_sides_there_is_no_point() -> None:
    assert observable_points([eos(curve("a", 0.1))]) == []
    assert observable_points(ERRORS) == []
    other = result("error_thresholds", "forces", "mae", potential="another")
    assert observable_points([other, eos(curve("a", 0.1))]) == []


def test_an_open_mark_stands_for_what_has_no_value() -> None:
    points = observable_points([*ERRORS, neb(converged=False)])
    with drawing():
        (axes,) = draw_message(points).axes
    (mark,) = [line for line in axes.lines if line.get_marker() == "o"]
    assert mark.get_markerfacecolor() == "white"
    assert mark.get_ydata()[0] == pytest.approx(axes.get_ylim()[1])


@pytest.mark.parametrize("converged", [True, False])
def test_a_band_that_is_not_converged_has_open_circles(converged: bool) -> None:
    with drawing():
        figure = draw_observable("neb_barrier", [neb(converged=converged)])
    assert figure is not None
    (axes,) = figure.axes
    own = next(line for line in axes.lines if str(line.get_label()).startswith("mine"))
    assert (own.get_markerfacecolor() == "white") is not converged
    assert ("not converged" in str(own.get_label())) is not converged
    assert any(line.get_label() == "reference, barrier 0.400 eV" for line in axes.lines)


def test_the_curve_that_says_most_is_drawn() -> None:
    with drawing():
        figure = draw_observable("eos", [eos(curve("a", 0.1), curve("b", -0.2), curve("c", 0.0))])
        assert figure is not None
        assert figure.axes[0].get_title() == "b: energy above the lowest point"
        figure = draw_observable("eos", [eos(curve("a", 0.1), curve("b", None))])
    assert figure is not None
    assert figure.axes[0].get_title().startswith("b")
    # The errors beside it: one known, one that is lost.
    marks = [line for line in figure.axes[1].lines if line.get_marker() == "x"]
    assert list(marks[0].get_xdata()) == [2]


def test_details_that_are_none_are_left_out() -> None:
    bad = [
        eos(),
        eos({"name": "a", "volumes": "many"}),
        eos({"name": "a", "volumes": [1.0], "reference": [], "predicted": [1.0]}),
    ]
    for entry in bad:
        assert draw_observable("eos", [entry]) is None
    empty = result("stability", "energy_drift", "error", details={"dynamics": {"runs": [3]}})
    assert draw_observable("stability", [empty]) is None
    assert observable_groups([result("eos", "volume", "error", details={"eos": 3})], "eos") == {}


def test_runs_in_a_bath_are_drawn_with_its_temperatures() -> None:
    runs = [
        {"temperature_K": 300.0, "temperatures": [310.0, 290.0, 305.0], "broken": ""},
        {"temperature_K": 600.0, "temperatures": [590.0, 640.0], "broken": "forces"},
        {"temperature_K": "hot", "temperatures": "many", "broken": ""},
    ]
    details = {"ensemble": "nvt", "times": [0.0, 0.001, 0.002], "runs": runs}
    shift = result("stability", "temperature_shift", "measurement", details={"dynamics": details})
    figure = draw_observable("stability", [shift])
    assert figure is not None
    (axes,) = figure.axes
    assert axes.get_ylabel() == "temperature (K)"
    traces = [list(line.get_ydata()) for line in axes.lines]
    assert traces[2:] == [[310.0, 290.0, 305.0], [590.0, 640.0], [640.0]]
    assert [trace[0] for trace in traces[:2]] == [300.0, 600.0]


def test_a_report_shows_all_of_them(tmp_path: Path) -> None:
    runs = {"times": [0.0, 0.001], "runs": [{"energies": [0.0, 0.1], "broken": "overlap"}]}
    drift = result("stability", "energy_drift", "error", details={"dynamics": runs})
    results = [*ERRORS, eos(curve("a", 0.1)), neb(converged=False), drift]
    page = write_report(tmp_path, RunRecord(), results).html.read_text(encoding="utf-8")
    for anchor in ("eos", "neb_barrier", "stability", "observables"):
        assert f'<h2 id="{anchor}">' in page
    assert "errors pass, barrier fails" in page
    first = (tmp_path / "report.html").read_bytes()
    write_report(tmp_path, RunRecord(), results)
    assert (tmp_path / "report.html").read_bytes() == first
