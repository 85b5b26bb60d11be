from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure

from ms25_suite.core.details import Details
from ms25_suite.core.results import CheckResult
from ms25_suite.report.figures.canvas import new_figure
from ms25_suite.report.figures.observables import Drawn, observable_section
from tests.helpers.reports import make_result


@dataclass(frozen=True, slots=True)
class _Trace(Details):
    numbers: tuple[float, ...]


def trace(*numbers: float, **changes: object) -> CheckResult:
    fields = {"criterion": "theirs", "quantity": "band_gap", "metric": "error"}
    return make_result(details={"trace": {"numbers": numbers}}, **(fields | changes))


def test_each_dataset_and_quantity_has_a_figure_of_all_potentials() -> None:
    seen: list[list[str]] = []

    def draw(results: Drawn[_Trace]) -> Figure | None:
        seen.append([result.potential for result, _ in results])
        return new_figure(1, 1) if any(details.numbers for _, details in results) else None

    results = [
        trace(1.0, potential="p"),
        trace(2.0, potential="q", stand_in=True),
        trace(potential="p", dataset="cha", test_dataset="cha"),
        trace(1.0, quantity="gap", test_dataset="cha"),
        trace(1.0, criterion="another"),
        make_result(criterion="theirs", details={"trace": 3}),
        make_result(criterion="theirs"),
    ]
    found = observable_section(results, "theirs", "trace", _Trace, draw, "note")
    assert found is not None
    assert seen == [["p", "q"], ["p"], ["mace-β"]]
    # A figure without content is left out.
    assert [block.heading for block in found.blocks] == ["mgo, band gap", "mgo → cha, gap"]
    assert [block.stand_in for block in found.blocks] == [True, False]
    assert found.blocks[0].drawing is not None
    assert found.blocks[0].drawing.alt == "theirs of mgo: band gap of each potential."
    assert found.note == "note"


def test_without_a_figure_there_is_no_section() -> None:
    assert observable_section([trace()], "theirs", "trace", _Trace, lambda _: None, "") is None
