from __future__ import annotations

from ms25_suite.criteria.throughput.points import size_curves, speed_points
from ms25_suite.criteria.throughput.tables import hardware_note, size_table, speed_table
from tests.unit.criteria.throughput.test_points import NOISY, forces, size_cost, speed


def test_a_row_says_it_all() -> None:
    table = speed_table(speed_points([speed(stand_in=True), forces(20.0)]))
    (row,) = table.rows
    found = dict(zip([column.heading for column in table.columns], row, strict=True))
    assert found == {
        "dataset": "hea",
        "potential": "mace",
        "atoms": "108",
        "kAtoms/s": "2.00",
        "95 % interval": "[1.80, 2.20]",
        "half of the blocks": "1.90 to 2.10",
        "ms/step": "54.0",
        "model %": "90",
        "neighbours %": "4",
        "LAMMPS %": "6",
        "MiB": "400",
        # Hardware that all rows share is not repeated.
        "how": "fix external, LAMMPS 20250722",
        "verdict": None,
    }
    assert table.stand_ins == {0}


def test_a_noisy_speed_has_a_spread_only() -> None:
    (row,) = speed_table(speed_points([NOISY])).rows
    assert row[3:7] == ("", "", "1.90 to 2.10", "")


def test_a_share_that_was_not_measured_is_empty() -> None:
    (row,) = speed_table(speed_points([speed(also={"shares": {"model": 1.0}})])).rows
    assert row[7:10] == ("100", "", "")


def test_different_hardware_is_said() -> None:
    points = speed_points(
        [speed(), speed(potential="gpu", also={"device": "cuda:0", "gpu": "a card"})]
    )
    assert hardware_note(points) == (
        "Measured on different hardware, so the speeds cannot be compared: a processor, 1 thread: "
        "mace; a card, 1 thread: gpu."
    )
    assert [str(row[11]).rpartition("LAMMPS ")[2] for row in speed_table(points).rows] == [
        "20250722, a processor, 1 thread",
        "20250722, a card, 1 thread",
    ]
    assert hardware_note(points[:1]) == "All were measured on a processor, 1 thread."


def test_sizes_are_rows() -> None:
    table = size_table(size_curves([size_cost(stand_in=True), speed()]))
    assert table.rows == [
        ("hea", "mace", "108", "54.0", "2.00", "400", "1.00", "[0.90, 1.10]"),
        ("hea", "mace", "432", "216", "2.00", "410", "", ""),
    ]
    assert table.stand_ins == {0, 1}
