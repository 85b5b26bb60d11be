from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.training.curve import EpochReport, LineFollower, curve_of, drop_half_line, errors_at

# As MACE 0.3.16 writes them, shortened.
UNTRAINED = '{"loss": 0.0151, "mae_e": 3.4, "rmse_f": 0.95, "mode": "eval", "epoch": null}\n'
BATCH = '{"loss": 0.0087, "time": 0.08, "mode": "opt", "epoch": 0}\n'
EPOCH = (
    '{"loss": 0.0142, "mae_e": 5.2, "mae_e_per_atom": 0.048, "rmse_e": 5.9, "rmse_e_per_atom": '
    '0.055, "mae_f": 0.715, "rmse_f": 0.9, "mae_stress": 0.0045, "rmse_stress": 0.006, '
    '"time": 0.4, "mode": "eval", "epoch": 0, "head": "Default"}\n'
)


def test_lines_come_once_and_only_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "results.txt"
    follower = LineFollower(path)
    assert follower.read() == []
    path.write_text(UNTRAINED + BATCH[:20])
    assert [record["epoch"] for record in follower.read()] == [None]
    assert follower.read() == []
    with path.open("a") as file:
        file.write(BATCH[20:] + EPOCH)
    assert [record["mode"] for record in follower.read()] == ["opt", "eval"]
    assert follower.read() == []


def test_a_torn_line_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "results.txt"
    path.write_text(BATCH + BATCH[:15] + "\n" + "[1, 2]\n" + EPOCH)
    assert [record["mode"] for record in LineFollower(path).read()] == ["opt", "eval"]


def test_drop_half_line(tmp_path: Path) -> None:
    path = tmp_path / "results.txt"
    drop_half_line(path)
    assert not path.exists()
    path.write_text(BATCH + EPOCH[:30])
    drop_half_line(path)
    assert path.read_text() == BATCH
    drop_half_line(path)
    assert path.read_text() == BATCH


def test_curve_takes_the_later_run_of_an_epoch() -> None:
    reports = [
        EpochReport(1, 5.0, {"forces_mae": 0.5}),
        EpochReport(2, 4.0, {"forces_mae": 0.4}),
        EpochReport(3, 9.0, {"forces_mae": 0.9}),
        EpochReport(2, 3.0, {"forces_mae": 0.3}),
        EpochReport(3, 2.0, {"forces_mae": 0.2}),
    ]
    curve = curve_of(reports)
    assert curve == {"epoch": [1, 2, 3], "loss": [5.0, 3.0, 2.0], "forces_mae": [0.5, 0.3, 0.2]}
    assert errors_at(curve, 2) == {"forces_mae": 0.3}
    with pytest.raises(ValueError, match="not in list"):
        errors_at(curve, 7)
    assert curve_of([]) == {"epoch": [], "loss": []}
