from __future__ import annotations

from typing import Any

from ms25_suite.core.details import details_of
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.stability.details import KEY, DynamicsDetails
from ms25_suite.criteria.stability.figure import draw_dynamics, section
from ms25_suite.report.figures.canvas import drawing
from tests.helpers.details import dynamics_details, dynamics_run
from tests.helpers.reports import make_result


def dynamics(*runs: dict[str, Any], ensemble: str = "nve", **changes: Any) -> CheckResult:
    fields = {
        "criterion": "stability",
        "quantity": "energy_drift" if ensemble == "nve" else "temperature_shift",
        "metric": "error",
        "details": dynamics_details(*runs, ensemble=ensemble),
    }
    return make_result(**(fields | changes))


def draw(result: CheckResult) -> Any:
    details = details_of(result, KEY, DynamicsDetails)
    assert details is not None
    with drawing():
        return draw_dynamics([(result, details)])


def test_runs_in_a_bath_are_drawn_with_its_temperatures() -> None:
    broken = dynamics_run(
        temperature_K=600.0, temperatures=[590.0, 640.0], broken="forces", broken_step=1
    )
    result = dynamics(dynamics_run(temperatures=[310.0, 290.0, 305.0]), broken, ensemble="nvt")
    (axes,) = draw(result).axes
    assert axes.get_ylabel() == "temperature (K)"
    traces = [list(line.get_ydata()) for line in axes.lines]
    # The baths, the runs, and a cross where the second ended.
    assert [trace[0] for trace in traces[:2]] == [300.0, 600.0]
    assert traces[2:] == [[310.0, 290.0, 305.0], [590.0, 640.0], [640.0]]


def test_energies_are_drawn_over_femtoseconds() -> None:
    (axes,) = draw(dynamics(dynamics_run(energies=[0.0, 0.1, None]))).axes
    assert axes.get_ylabel() == "total energy since the start (meV/atom)"
    assert list(axes.lines[1].get_xdata()) == [0.0, 1.0, 2.0]
    # A potential with several runs stands in the legend once.
    (axes,) = draw(dynamics(*[dynamics_run(energies=[0.0, 0.1])] * 3)).axes
    assert len(axes.get_legend_handles_labels()[1]) == 1


def test_without_a_trace_there_is_no_figure() -> None:
    assert draw(dynamics()) is None
    assert draw(dynamics(dynamics_run())) is None
    assert draw(dynamics(dynamics_run(energies=[0.0] * 9))) is None


def test_the_section_has_a_figure_for_each_ensemble() -> None:
    results = [
        dynamics(dynamics_run(energies=[0.0, 0.1])),
        dynamics(dynamics_run(temperatures=[300.0]), ensemble="nvt"),
    ]
    with drawing():
        found = section(RunRecord(), results)
    assert found is not None
    assert [block.heading for block in found.blocks] == [
        "mgo, energy drift",
        "mgo, temperature shift",
    ]
    assert section(RunRecord(), [dynamics(details={"dynamics": {"runs": [3]}})]) is None
