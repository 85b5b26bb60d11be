"""What holds for the figures of all criteria: files of numbers, thresholds, colours."""

from __future__ import annotations

import math
from typing import Any

import pytest
from matplotlib.figure import Figure

from ms25_suite.core.catalogue import catalogue, load
from ms25_suite.core.details import DistanceBinDetails, DistanceDetails
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.committee.details import CommitteeDetails
from ms25_suite.criteria.consistency.details import Compared, ConsistencyDetails
from ms25_suite.criteria.retention.details import CHILD, PARENT, RetentionDetails, RoleNumber
from ms25_suite.criteria.short_range.details import ScanCurve, ShortRangeDetails
from ms25_suite.criteria.smoothness.details import LineSteps, SmoothnessDetails
from ms25_suite.report.figures.canvas import INK, MUTED, drawing
from ms25_suite.report.figures.message import message_section
from ms25_suite.report.figures.numbers import THRESHOLD, numbers_of
from ms25_suite.report.figures.palette import color_of
from ms25_suite.report.section import Drawing, Section
from tests.helpers.details import (
    dynamics_details,
    dynamics_run,
    eos_curve,
    eos_details,
    neb_details,
    rate_details,
    size_cost_details,
    throughput_details,
)
from tests.helpers.reports import make_result

NAMES = [f"potential {number}" for number in range(12)]
SHOWN = [NAMES[2], NAMES[9]]
"""Those of the figures: the third, and the tenth, which has the colour of the third."""

DISTANCES = DistanceDetails(
    *(10, 0, 0, 100, 100, 0.1),
    (
        DistanceBinDetails(0.0, 0.1, 0.2, 21.5, (18.5, 24.5), 5),
        DistanceBinDetails(0.2, 0.3, 0.4, 43.5, None, 5),
    ),
)
COMMITTEE = CommitteeDetails(
    ("a", "b", "c"), "meV/Å", (10.5, 20.5, 40.5), (15.5, 30.5, 90.5), (0.25, 0.5), (0.15, 0.35), 0.7
)
SCAN = ShortRangeDetails((ScanCurve("O-Si", (2.0, 1.0, 0.5), (0.0, 3.25, None), (0.1, 5.5, 90.0)),))
STEPS = SmoothnessDetails(
    (
        LineSteps("frame 3", (0.1, 0.2), (0.25, 0.5)),
        LineSteps("O-Si", (4.9, 5.0), (0.75, 3.5), (5.0,), (2.5,)),
    )
)
CONSISTENT = ConsistencyDetails((Compared(3, "moved", "forces", 0.2, 0.1, "meV/Å"),))


def one(potential: str, criterion: str, **changes: Any) -> CheckResult:
    fields = {"criterion": criterion, "potential": potential, "metric": "error", "value": 0.125}
    fields |= {"interval": None, "threshold": 0.375, "verdict": Verdict.PASS}
    return make_result(**(fields | changes))


def results_of(potential: str) -> list[CheckResult]:
    """Something of every criterion that draws a figure of its own."""
    short = {"metric": "measurement", "details": {"short_range": SCAN.to_dict()}}
    kept = RetentionDetails(
        False, (RoleNumber(PARENT, "parent", 50.5), RoleNumber(CHILD, potential, 90.5)), moved=70.0
    )
    error = {"metric": "mae", "unit": "meV/Å", "value": 31.5, "threshold": 35.5}
    return [
        one(potential, "error_thresholds", **error, details={"by_distance": DISTANCES.to_dict()}),
        one(
            potential,
            "eos",
            quantity="lattice_constant",
            unit="Å",
            details=eos_details(eos_curve("a", 0.125), eos_curve("b", None)),
        ),
        # None of these curves has a fit, and the result no number.
        one(
            potential,
            "eos",
            quantity="relaxed_volume",
            unit="%",
            value=None,
            verdict=Verdict.FAIL,
            details=eos_details(eos_curve("a", None)),
        ),
        one(potential, "neb_barrier", quantity="barrier", unit="eV", details=neb_details()),
        one(
            potential,
            "stability",
            quantity="energy_drift",
            unit="meV/atom/ps",
            details=dynamics_details(dynamics_run(energies=[0.0, 0.25, 0.5])),
        ),
        one(potential, "short_range", quantity="wall", unit="eV", at_least=True, **short),
        one(potential, "short_range", quantity="hole", unit="eV", **short),
        one(potential, "short_range", quantity="compression", unit="meV/atom", **short),
        one(
            potential,
            "smoothness",
            quantity="force_jump",
            details={"smoothness": STEPS.to_dict()},
        ),
        one(
            potential,
            "consistency",
            quantity="rotation",
            details={"consistency": CONSISTENT.to_dict()},
        ),
        one(
            potential,
            "committee",
            quantity="forces_warning",
            metric="rate",
            unit="1",
            details={"committee": COMMITTEE.to_dict()},
        ),
        one(potential, "training_rate", metric="rate", unit="1", details=rate_details()),
        one(
            potential,
            "throughput",
            quantity="katoms_per_s",
            metric="measurement",
            unit="kAtoms/s",
            value=2.0,
            threshold=1.5,
            details=throughput_details(),
        ),
        one(
            potential,
            "throughput",
            quantity="size_exponent",
            metric="measurement",
            unit="1",
            value=1.0,
            threshold=None,
            details=size_cost_details(),
        ),
        one(
            potential,
            "retention",
            metric="difference",
            test_dataset="zro",
            value=40.0,
            interval=(30.0, 55.0),
            threshold=10.0,
            details={"retention": kept.to_dict()},
        ),
    ]


@pytest.fixture(scope="module")
def drawings() -> dict[str, Drawing]:
    results = [result for name in SHOWN for result in results_of(name)]
    found: dict[str, Drawing] = {}

    def keep(name: str, section: Section | None) -> None:
        for block in () if section is None else section.blocks:
            if block.drawing is not None:
                found[f"{name}: {block.heading}"] = block.drawing

    with drawing(NAMES):
        for criterion in catalogue().values():
            if criterion.section:
                keep(criterion.name, load(criterion.section)(RunRecord(), results))
        keep("message", message_section(results))
        COLORS.update({name: color_of(name) for name in NAMES})
    return found


COLORS: dict[str, str] = {}
"""Colour of each potential while the figures were drawn."""

EXPECTED = {
    *(
        "error_thresholds",
        "eos",
        "neb_barrier",
        "stability",
        "short_range",
        "smoothness",
        "consistency",
    ),
    *("committee", "training_rate", "throughput", "retention", "message"),
}

WITHOUT_THRESHOLD = {"throughput: Cost against size"}
"""Figures of numbers that are never judged."""


def points_of(figure: Figure, axis: str) -> list[float]:
    """Numbers of all symbols at their place among the numbers; of curves, if there is no symbol."""
    symbols: list[float] = []
    curves: list[float] = []
    for axes in (one for one in figure.axes if one.get_visible()):
        for line in axes.lines:
            marker, own = str(line.get_marker()), line.get_transform() == axes.transData
            values = line.get_ydata() if axis == "y" else line.get_xdata()
            if own and marker not in ("None", "", "x"):
                symbols += map(float, values)
            # Lines of two points are those of thresholds, fits and intervals.
            elif own and len(values) > 2:
                curves += map(float, values)
    return [value for value in symbols or curves if math.isfinite(value)]


def test_there_is_a_figure_of_every_criterion(drawings: dict[str, Drawing]) -> None:
    assert {name.partition(":")[0] for name in drawings} == EXPECTED


def test_every_number_that_is_drawn_is_in_the_file(drawings: dict[str, Drawing]) -> None:
    for name, drawn in drawings.items():
        across = name.startswith(("consistency", "retention"))
        rows = list(numbers_of(drawn.figure))
        known = [row.get(key) for row in rows for key in ("value", "x", "low", "high")]
        numbers = [one for one in known if isinstance(one, int | float)]
        points = points_of(drawn.figure, "x" if across else "y")
        assert points, name
        for point in points:
            # Ends of the line of a reliability diagram are its corners.
            corner = name.startswith("committee") and point in (0.0, 1.0)
            assert corner or any(point == pytest.approx(one) for one in numbers), (name, point)
        for row in rows:
            assert row.get("unit") or row["series"] == THRESHOLD, (name, row)
            assert row.get("potential") or row["series"] in (
                *("reference", "screened nuclei", THRESHOLD),
            ), (name, row)


def test_every_figure_of_judged_numbers_shows_the_threshold(drawings: dict[str, Drawing]) -> None:
    for name, drawn in drawings.items():
        marks = [row for row in numbers_of(drawn.figure) if row.get("series") == THRESHOLD]
        assert bool(marks) is (name not in WITHOUT_THRESHOLD), name


def test_every_figure_has_one_unit_of_energy(drawings: dict[str, Drawing]) -> None:
    for name, drawn in drawings.items():
        units = {row.get("unit") for row in numbers_of(drawn.figure)}
        units |= {row.get("x_unit") for row in numbers_of(drawn.figure)}
        of_energy = {str(unit).partition("/")[0] for unit in units if "eV" in str(unit)}
        # The observable of a panel, and the error of the forces that is below all panels.
        assert len(of_energy) <= 1 or name == "message: ", (name, units)


def test_a_potential_has_its_color_in_every_figure(drawings: dict[str, Drawing]) -> None:
    allowed = {COLORS[name] for name in SHOWN} | {INK, MUTED, "white"}
    for name, drawn in drawings.items():
        colors = {line.get_color() for axes in drawn.figure.axes for line in axes.lines}
        assert colors <= allowed, (name, colors - allowed)
        assert colors & {COLORS[name] for name in SHOWN}, name


def test_potentials_of_one_color_differ_in_their_symbols_or_dashes(
    drawings: dict[str, Drawing],
) -> None:
    assert COLORS[SHOWN[0]] == COLORS[SHOWN[1]]
    for name, drawn in drawings.items():
        if name.startswith("retention"):
            # A figure for each child.
            continue
        looks = {
            (str(line.get_marker()), str(line._dash_pattern))  # type: ignore[attr-defined]
            for axes in drawn.figure.axes
            for line in axes.lines
            # Crosses stand for what failed, whichever potential it was.
            if line.get_color() == COLORS[SHOWN[0]] and line.get_marker() != "x"
        }
        assert len(looks) >= 2, (name, looks)
