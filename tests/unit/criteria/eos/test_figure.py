from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.details import details_of
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.eos.details import KEY, EosDetails
from ms25_suite.criteria.eos.figure import draw_curves, section
from ms25_suite.report.figures.canvas import drawing
from ms25_suite.report.figures.numbers import numbers_of
from tests.helpers.details import eos_curve, eos_details
from tests.helpers.reports import make_result


def eos(*curves: dict[str, Any], **changes: Any) -> CheckResult:
    fields = {
        "criterion": "eos",
        "quantity": "lattice_constant",
        "metric": "error",
        "potential": "mine",
        "unit": "Å",
        "threshold": 0.05,
        "value": 0.1,
        "verdict": Verdict.FAIL,
        "details": eos_details(*curves),
    }
    return make_result(**(fields | changes))


def draw(*results: CheckResult) -> Any:
    read = [(result, details_of(result, KEY, EosDetails)) for result in results]
    with drawing():
        return draw_curves([(result, details) for result, details in read if details])


def test_the_worst_curve_is_drawn() -> None:
    figure = draw(eos(eos_curve("a", 0.1), eos_curve("b", -0.2), eos_curve("c", 0.0)))
    assert figure.axes[0].get_title() == "b: energy above the lowest point"
    figure = draw(eos(eos_curve("a", 0.1), eos_curve("b", None)))
    assert figure.axes[0].get_title().startswith("b")
    # In the panel of the errors: one is known, and a cross stands for the other.
    marks = [line for line in figure.axes[1].lines if line.get_marker() == "x"]
    assert list(marks[0].get_xdata()) == [2]


def test_a_single_curve_has_its_error_and_the_threshold_beside_it() -> None:
    energies, errors = draw(eos(eos_curve("only"))).axes
    assert energies.get_title() == "only: energy above the lowest point"
    assert [str(line.get_label()) for line in energies.lines] == ["reference", "mine"]
    assert thresholds(errors) == [-0.05, 0.05]


def test_a_curve_without_a_fit_is_not_drawn_among_the_numbers() -> None:
    results = [eos(eos_curve("a", None)), eos(eos_curve("a", None), potential="other")]
    figure = draw(*results)
    crosses = [line for line in figure.axes[1].lines if line.get_marker() == "x"]
    assert len(crosses) == 2
    for cross in crosses:
        # At the lower edge of the panel, whatever its numbers are, and not at an error of zero.
        assert cross.get_transform() == figure.axes[1].get_xaxis_transform()
        assert list(cross.get_ydata()) == [0.025]
    # Side by side.
    assert crosses[0].get_xdata()[0] != crosses[1].get_xdata()[0]
    lost = [row for row in numbers_of(figure) if row["series"] == "error of each curve"]
    assert [(row["value"], row["reason"]) for row in lost] == [(None, "not-finite")] * 2
    # The energies are dotted, with open symbols: the curve of a constant lies on zero.
    (curve,) = [line for line in figure.axes[0].lines if str(line.get_label()).startswith("mine")]
    assert (curve.get_linestyle(), curve.get_markerfacecolor()) == (":", "white")


def thresholds(axes: Any) -> list[float]:
    return [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == ":"]


def test_energies_are_above_the_lowest_in_mev() -> None:
    axes, _ = draw(eos(eos_curve(error=0.1))).axes
    assert list(axes.lines[0].get_ydata()) == pytest.approx([100.0, 0.0, 100.0])
    # The scale is that of the reference.
    assert axes.get_ylim() == pytest.approx((-8.0, 160.0))


def test_a_flat_reference_is_drawn() -> None:
    flat = eos_curve(reference=[-1.0, -1.0, -1.0])
    assert draw(eos(flat)) is not None


def test_potentials_share_a_figure_and_failures_are_counted() -> None:
    unfit = eos(eos_curve("a", None), potential="other $x$")
    figure = draw(eos(eos_curve("a")), unfit)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["reference", "mine", "other $x$: 1 of 1 curves without a fit"]


def test_the_section_has_a_figure_for_each_dataset_and_observable() -> None:
    results = [
        eos(eos_curve()),
        eos(eos_curve(), dataset="cha", test_dataset="cha", stand_in=True),
        eos(eos_curve(), quantity="relaxed_volume"),
    ]
    with drawing():
        found = section(RunRecord(), results)
    assert found is not None
    assert [block.heading for block in found.blocks] == [
        "mgo, lattice constant",
        "cha, lattice constant",
        "mgo, relaxed volume",
    ]
    assert [block.stand_in for block in found.blocks] == [False, True, False]
    assert "relative to the lowest point" in found.note


@pytest.mark.parametrize(
    "result",
    [
        eos(),
        eos({"name": "a", "volumes": "many"}),
        eos(details={"eos": 3}),
        eos(details={}),
        eos(eos_curve(), criterion="another"),
    ],
)
def test_without_whole_curves_there_is_no_section(result: CheckResult) -> None:
    assert section(RunRecord(), [result]) is None
