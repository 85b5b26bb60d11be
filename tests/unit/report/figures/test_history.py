"""The figure of numbers over runs."""

from __future__ import annotations

from ms25_suite.core.records import DatasetRecord, RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.report.figures.canvas import drawing, svg_bytes
from ms25_suite.report.figures.history import draw_history
from ms25_suite.report.history.numbers import history_of
from tests.helpers.reports import make_result


def run_of(day: int, frames: str) -> RunRecord:
    data = DatasetRecord(name="mgo", sha256=frames)
    return RunRecord(id=f"run-{day}", started=f"2026-11-{day:02}T08:00:00+00:00", datasets=(data,))


def numbers(content: str, value: float) -> list[CheckResult]:
    first = make_result(value=value, interval=(value - 1, value + 2), potential_sha256=content)
    energy = make_result(quantity="energy", unit="meV/atom", value=1.0, threshold=None)
    return [first, energy]


def test_only_points_of_the_same_frames_are_joined() -> None:
    runs = [
        (run_of(1, "f0"), numbers("a", 30.0)),
        (run_of(2, "f0"), numbers("b", 28.0)),
        (run_of(3, "f1"), numbers("b", 40.0)),
    ]
    with drawing():
        figure = draw_history(history_of(runs))
        energy, forces = figure.axes
        curves = [line.get_ydata() for line in forces.lines if line.get_marker() == "o"]
        assert svg_bytes(figure).startswith(b"<?xml")
    values = [list(map(float, curve)) for curve in curves]
    assert [30.0, 28.0] in values
    assert [40.0] in values
    # Rings where a model file is new, or frames are.
    assert sorted(value[0] for value in values if len(value) == 1) == [28.0, 30.0, 40.0, 40.0]
    (bars,) = forces.containers[0].lines[2]
    assert [tuple(segment[:, 1]) for segment in bars.get_segments()] == [(29, 32), (27, 30)]
    assert [line.get_ydata()[0] for line in forces.lines if line.get_linestyle() == ":"] == [35.0]
    assert not [line for line in energy.lines if line.get_linestyle() == ":"]
    assert "meV/Å" in forces.get_ylabel()
