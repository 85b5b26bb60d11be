"""Numbers of figures."""

from __future__ import annotations

import gc
import math
import weakref

import pytest

from ms25_suite.report.figures.canvas import drawing, new_figure
from ms25_suite.report.figures.numbers import (
    csv_bytes,
    draw_threshold,
    note_numbers,
    numbers_of,
)
from tests.helpers.reports import make_result


def test_a_result_fills_the_columns_that_are_not_given() -> None:
    with drawing():
        axes = new_figure(1, 1).subplots()
        note_numbers(axes, [1.0, None], result=make_result(), quantity="mine", reason="why")
        axes.set_title("later")
        rows = list(numbers_of(axes.figure))
    assert [row["value"] for row in rows] == [1.0, None]
    assert rows[0] == rows[1] | {"value": 1.0}
    assert rows[0] == {
        "panel": "later",
        "dataset": "mgo",
        "tested_on": "mgo",
        "potential": "mace-β",
        "architecture": "",
        "quantity": "mine",
        "unit": "meV/Å",
        "threshold": 35.0,
        "verdict": "pass",
        "stand_in": False,
        "reason": "why",
        "value": 1.0,
    }


def test_a_column_that_does_not_exist_is_named() -> None:
    axes = new_figure(1, 1).subplots()
    with pytest.raises(TypeError, match=r"expected columns among .*, found colour"):
        note_numbers(axes, [1.0], colour="red")


def test_a_threshold_is_drawn_and_noted() -> None:
    axes = new_figure(1, 1).subplots()
    draw_threshold(axes, 2.0, unit="eV")
    draw_threshold(axes, 3.0, upright=True)
    assert [line.get_linestyle() for line in axes.lines] == [":", ":"]
    assert set(axes.lines[0].get_ydata()) == {2.0}
    assert set(axes.lines[1].get_xdata()) == {3.0}
    rows = list(numbers_of(axes.figure))
    assert [(row["series"], row["value"]) for row in rows] == [
        ("threshold", 2.0),
        ("threshold", 3.0),
    ]


def test_of_a_figure_without_notes_the_points_are_taken() -> None:
    axes = new_figure(1, 1).subplots()
    axes.set(xlabel="time (s)", ylabel="way (m)", title="fall")
    axes.plot([0.0, 1.0], [0.0, 4.9], label="a stone")
    axes.scatter([2.0], [19.6])
    # Their ends are parts of the panel.
    axes.axhline(10.0, label="limit")
    axes.axvline(1.5)
    axes.axline((0.0, 0.0), slope=9.8)
    axes.scatter([0.5], [0.5], transform=axes.transAxes)
    rows = list(numbers_of(axes.figure))
    assert [(row["series"], row["x"], row["value"]) for row in rows] == [
        ("a stone", 0.0, 0.0),
        ("a stone", 1.0, 4.9),
        ("", 2.0, 19.6),
    ]
    assert {(row["panel"], row["x_name"], row["quantity"]) for row in rows} == {
        ("fall", "time (s)", "way (m)")
    }


def test_a_cell_is_one_line_and_a_gap_is_empty() -> None:
    text = csv_bytes([{"x": "a\n  b", "value": math.nan}, {"value": 1000 * 0.0451}], ("x", "value"))
    assert text.decode() == "x,value\na b,\n,45.1\n"


def test_notes_do_not_keep_a_figure_alive() -> None:
    figure = new_figure(1, 1)
    note_numbers(figure.subplots(), [1.0])
    gone = weakref.ref(figure)
    del figure
    gc.collect()
    assert gone() is None
