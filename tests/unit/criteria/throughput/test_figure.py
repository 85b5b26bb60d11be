from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.run_record import RunRecord
from ms25_suite.criteria.throughput.figure import draw_pareto, draw_sizes, draw_speeds
from ms25_suite.criteria.throughput.points import (
    hardware_notes,
    pareto_points,
    size_curves,
    size_rows,
    speed_points,
    speed_rows,
)
from ms25_suite.report import write_report
from ms25_suite.report.figures.canvas import drawing, svg_bytes


def result(**changes: Any) -> CheckResult:
    values: dict[str, Any] = {
        "criterion": "throughput",
        "dataset": "hea",
        "test_dataset": "hea",
        "potential": "mace",
        "quantity": "katoms_per_s",
        "metric": "measurement",
        "unit": "kAtoms/s",
    }
    return CheckResult(**(values | changes))


def speed(value: float | None = 2.0, potential: str = "mace", **changes: Any) -> CheckResult:
    middle = value or 2.0
    details = {
        "n_atoms": 108,
        "quartiles": [0.95 * middle, 1.05 * middle],
        "ms_per_step": 108 / middle,
        "shares": {"model": 0.9, "neighbour list": 0.04, "LAMMPS": 0.06},
        "peak_memory_bytes": 400 * 2**20,
        "route": "fix external",
        "lammps_version": 20250722,
        "device": "cpu",
        "threads": 1,
        "cpu": "a processor",
        "gpu": "a card",
    } | changes.pop("also", {})
    fields = {
        "value": value,
        "interval": None if value is None else (0.9 * value, 1.1 * value),
        "potential": potential,
        "details": {"throughput": details},
    }
    return result(**(fields | changes))


def forces(value: float | None, potential: str = "mace", **changes: Any) -> CheckResult:
    fields = {
        "criterion": "error_thresholds",
        "quantity": "forces",
        "metric": "mae",
        "unit": "meV/Å",
        "value": value,
        "potential": potential,
    }
    return result(**(fields | changes))


def size_cost(**changes: Any) -> CheckResult:
    cost = {
        "n_atoms": [108, 432],
        "ms_per_step": [54.0, 216.0],
        "katoms_per_s": [2.0, 2.0],
        "memory_mib": [400, 410],
        "prefactor_ms": 0.5,
        "too_large": 864,
    } | changes.pop("also", {})
    fields = {
        "quantity": "size_exponent",
        "unit": "1",
        "value": 1.0,
        "interval": (0.9, 1.1),
        "details": {"size_cost": cost},
    }
    return result(**(fields | changes))


NOISY = speed(None, "noisy", verdict=Verdict.UNDECIDED, reason="too noisy")
REFUSED = speed(None, "refused", verdict=Verdict.FAIL, reason="no speed: …")


def test_a_row_says_it_all() -> None:
    (row,) = speed_rows(speed_points([speed(), forces(20.0)]))
    assert (row["dataset"], row["potential"], row["atoms"]) == ("hea", "mace", 108)
    assert row["speed"] == ("2.00", "[1.80, 2.20]")
    assert (row["spread"], row["step"], row["memory"]) == ("1.90 to 2.10", "54.0", "400")
    assert row["shares"] == ["90", "4", "6"]
    # What all rows share is said once, below the figure.
    assert row["how"] == "fix external, LAMMPS 20250722"


def test_noise_has_a_spread_only_and_a_refused_speed_is_none() -> None:
    (point,) = speed_points([NOISY, REFUSED])
    (row,) = speed_rows([point])
    assert (row["potential"], row["speed"], row["step"]) == ("noisy", ("", ""), "")
    assert row["spread"] == "1.90 to 2.10"


@pytest.mark.parametrize(
    "broken",
    [
        speed(details={}),
        speed(details={"throughput": 3}),
        speed(also={"quartiles": [1.0]}),
        speed(also={"quartiles": [0.0, 1.0]}),
        speed(also={"quartiles": ["a", "b"]}),
        speed(value=-1.0),
        speed(criterion="eos"),
        speed(quantity="katoms_per_s_500"),
    ],
)
def test_details_of_another_layout_are_no_speed(broken: CheckResult) -> None:
    assert speed_points([broken]) == []


def test_what_is_not_known_of_a_speed_is_left_out() -> None:
    (point,) = speed_points([speed(details={"throughput": {"quartiles": [1.9, 2.1]}})])
    (row,) = speed_rows([point])
    assert (row["atoms"], row["shares"], row["memory"]) == ("", ["", "", ""], "")
    assert row["how"] == "route unknown, LAMMPS of unknown version"
    assert hardware_notes([point]) == ["All were measured on a processor that is not known."]


def test_the_front_is_what_nothing_beats() -> None:
    results = [
        *(speed(4.0, "fast"), forces(50.0, "fast")),
        *(speed(2.0, "fine"), forces(10.0, "fine")),
        *(speed(1.0, "slow and coarse"), forces(60.0, "slow and coarse")),
        *(speed(2.0, "as fast as fine"), forces(20.0, "as fast as fine")),
        *(speed(2.0, "twin of fine"), forces(10.0, "twin of fine")),
        *(speed(9.0, "no error known"), NOISY, forces(1.0, "noisy"), forces(None, "refused")),
        *(speed(1.0, dataset="cha", test_dataset="cha"), forces(5.0)),
    ]
    groups = pareto_points(speed_points(results), results)
    assert list(groups) == ["hea"]
    assert {point.speed.result.potential: point.best for point in groups["hea"]} == {
        "fast": True,
        "fine": True,
        "slow and coarse": False,
        "as fast as fine": False,
        "twin of fine": True,
    }


def test_different_hardware_is_said() -> None:
    points = speed_points([speed(), speed(potential="gpu", also={"device": "cuda:0"})])
    (note,) = hardware_notes(points)
    assert note == (
        "Measured on different hardware, which cannot be compared: a processor, 1 thread: mace; "
        "a card, 1 thread: gpu."
    )
    assert [row["how"].rpartition("LAMMPS ")[2] for row in speed_rows(points)] == [
        "20250722, a processor, 1 thread",
        "20250722, a card, 1 thread",
    ]
    assert hardware_notes(points[:1]) == ["All were measured on a processor, 1 thread."]


def test_sizes_are_rows() -> None:
    groups = size_curves([size_cost(), speed()])
    first, second = size_rows(groups)
    assert (first["atoms"], first["step"], first["memory"]) == ("108", "54.0", "400")
    assert first["curve"].value == 1.0
    assert (second["atoms"], second["curve"]) == ("432", None)
    assert groups["hea"][0].too_large == 864


@pytest.mark.parametrize(
    "also",
    [
        {"n_atoms": [108]},
        {"n_atoms": "many"},
        {"ms_per_step": [54.0, None]},
        {"ms_per_step": [54.0, 0.0]},
        {"prefactor_ms": None},
        {"katoms_per_s": []},
    ],
)
def test_costs_of_another_layout_are_no_curve(also: dict[str, Any]) -> None:
    assert size_curves([size_cost(also=also)]) == {}


def test_figures_are_drawn_down_to_the_same_bytes() -> None:
    results = [
        *(speed(), forces(20.0), speed(40.0, "a $ name"), forces(0.0, "a $ name"), NOISY),
        *(speed(3.0, dataset="cha", test_dataset="cha", threshold=1.0), size_cost()),
    ]
    points = speed_points(results)

    def draw() -> list[bytes]:
        figures = [
            draw_speeds(points),
            draw_pareto(pareto_points(points, results)),
            draw_sizes(size_curves(results)),
        ]
        return [svg_bytes(figure) for figure in figures]

    with drawing():
        speeds = draw_speeds(points).axes[0]
        assert speeds.get_yscale() == "log"
        assert [tick.get_text() for tick in speeds.get_xticklabels()] == ["hea", "cha"]
        sizes = draw_sizes(size_curves(results)).axes[0]
        assert (sizes.get_xscale(), sizes.get_yscale()) == ("log", "log")
        assert [text.get_text() for text in sizes.texts] == ["atoms^1.00"]
        assert draw() == draw()


def test_the_section_is_there_if_there_is_a_speed(tmp_path: Path) -> None:
    def page(*results: CheckResult) -> str:
        return write_report(tmp_path, RunRecord(), list(results)).html.read_text(encoding="utf-8")

    heading = '<h2 id="throughput">'
    assert heading not in page(forces(20.0), REFUSED)
    alone = page(speed())
    assert heading in alone
    assert "Accuracy against speed" not in alone
    whole = page(speed(), forces(20.0), size_cost())
    assert "Accuracy against speed" in whole
    assert "Cost against size" in whole
