"""Figures as files of their own."""

from __future__ import annotations

import csv
from pathlib import Path

from ms25_suite.report import write_report
from ms25_suite.report.figures.canvas import drawing, new_figure
from ms25_suite.report.figures.files import FORMATS, FigureFiles
from ms25_suite.report.figures.numbers import COLUMNS, note_numbers
from tests.helpers.reports import RUN, make_result, save_parity


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_figure_of_the_page_is_a_file_too(tmp_path: Path) -> None:
    # A criterion of another package has a heatmap of its own.
    results = [make_result(artifact=save_parity(tmp_path)), make_result(criterion="mine")]
    write_report(tmp_path, RUN, results)
    assert not (tmp_path / "figures").exists()
    write_report(tmp_path, RUN, results, figures=True)
    names = {path.stem for path in (tmp_path / "figures").iterdir()}
    parity = "parity-error_thresholds-mace-β-mgo"
    assert names == {"heatmap", "heatmap-mine", parity, "training-mace-β"}
    starts = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "csv": b"panel,series,dataset,"}
    assert set(starts) == set(FORMATS)
    for name in names:
        for suffix, start in starts.items():
            assert (tmp_path / "figures" / f"{name}.{suffix}").read_bytes().startswith(start)
    (cell,) = read(tmp_path / "figures" / "heatmap.csv")
    assert (cell["value"], cell["low"], cell["high"], cell["unit"], cell["threshold"]) == (
        *("31.25", "30.5", "32", "meV/Å", "35"),
    )
    rows = read(tmp_path / "figures" / "training-mace-β.csv")
    # Logged in eV/Å; None is a gap.
    assert [row["value"] for row in rows] == ["90000", "", "40000"]
    assert {row["unit"] for row in rows} == {"meV/Å"}


def test_two_figures_of_a_name_are_two_files_with_their_own_numbers(tmp_path: Path) -> None:
    files = FigureFiles(tmp_path)
    with drawing():
        for value in (1.5, 2.5):
            figure = new_figure(1, 1)
            axes = figure.subplots()
            axes.set_title("a panel")
            note_numbers(axes, [value], x=["a"], frames=[7], intervals=[(1.0, 3.0)], unit="Å")
            files.save("a/b", figure)
    assert {path.name for path in tmp_path.glob("*.csv")} == {"a_b.csv", "a_b-2.csv"}
    (row,) = read(tmp_path / "a_b-2.csv")
    assert {key: text for key, text in row.items() if text} == {
        "panel": "a panel",
        "frame": "7",
        "x": "a",
        "value": "2.5",
        "low": "1",
        "high": "3",
        "unit": "Å",
    }
    assert list(row) == list(COLUMNS)


def test_no_figure_takes_the_files_of_another(tmp_path: Path) -> None:
    files = FigureFiles(tmp_path)
    # A number at the end may be a part of the name, and upper case the same as lower.
    for name in ("a", "a", "a-2", "A"):
        files.save(name, new_figure(1, 1))
    assert {path.stem for path in tmp_path.iterdir()} == {"a", "a-2", "a-2-2", "A-3"}


def test_a_long_name_is_cut_to_what_file_systems_take(tmp_path: Path) -> None:
    files = FigureFiles(tmp_path)
    for _ in range(2):
        files.save("銅" * 200, new_figure(1, 1))
    assert {path.stem for path in tmp_path.iterdir()} == {"銅" * 53, "銅" * 53 + "-2"}
