from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ms25_suite.core.records import DatasetRecord, RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report.figures.canvas import drawing, png_bytes, svg_bytes
from ms25_suite.report.figures.heatmap import draw_heatmap
from ms25_suite.report.grid import Grid, build_grid


def result(**changes: Any) -> CheckResult:
    values: dict[str, Any] = {
        "criterion": "error_thresholds",
        "dataset": "mgo",
        "test_dataset": "mgo",
        "potential": "p",
        "quantity": "energy",
        "metric": "mae",
        "value": 1.25,
        "unit": "meV/atom",
        "verdict": Verdict.PASS,
    }
    return CheckResult(**(values | changes))


def grid_of(*results: CheckResult, run: RunRecord | None = None) -> Grid:
    return build_grid(run or RunRecord(), results, "error_thresholds")


def texts(grid: Grid) -> list[str]:
    with drawing():
        figure = draw_heatmap(grid, "title")
        return [text.get_text() for text in figure.axes[0].texts]


def test_stand_in_is_marked_in_the_figure() -> None:
    grid = grid_of(
        result(stand_in=True, level_of_theory="Buckingham"),
        result(dataset="hea", test_dataset="hea"),
        result(dataset="own", test_dataset="own"),
        run=RunRecord(datasets=(DatasetRecord(name="own", stand_in=True, level_of_theory="xTB"),)),
    )
    found = texts(grid)
    assert {"mgo†", "hea", "own†"} <= set(found)
    assert "† stand-in reference: Buckingham (mgo)" in found
    assert "† stand-in reference: xTB (own)" in found


def test_two_levels_of_theory_are_marked_once_in_a_cell() -> None:
    beside = {"incomparable": True, "value": 31.25}
    found = texts(
        grid_of(
            result(**beside, verdict=Verdict.INCOMPARABLE),
            result(**beside, verdict=Verdict.FAIL, dataset="hea", test_dataset="hea"),
            result(**beside, verdict=None, dataset="own", test_dataset="own"),
        )
    )
    assert {"31.2", "≠ incomp.", "31.2 ≠", "✗ fail"} <= set(found)
    assert found.count("31.2 ≠") == 2
    assert any("≠ two levels of theory" in text for text in found)


def test_figure_says_number_verdict_and_reason() -> None:
    found = texts(
        grid_of(
            result(),
            result(quantity="forces", value=43.2, verdict=Verdict.FAIL, unit="meV/Å"),
            result(quantity="stress", value=None, verdict=Verdict.SKIP, reason="no stress labels"),
        )
    )
    for part in ("1.25", "✓ pass", "43.2", "✗ fail", "skip", "[1]", "[1] no stress labels"):
        assert part in found
    assert [text for text in found if text in "EFS"] == ["E", "F", "S"]


def big_grid() -> Grid:
    rng = np.random.default_rng(1)
    names = [
        "a-very-long-potential-name_with_many_parts/and-a-path/model-v2.1-final.model",
        "dollar $x^2$ $",
        "モデル-β",
        "<script>alert(1)</script>",
        "zero",
        "broken",
        "p7",
        "p8",
    ]
    results = []
    for name in names:
        for number in range(10):
            dataset = f"dataset_{number}" + "_long" * (6 * (number == 3))
            for quantity in ("energy", "forces", "stress"):
                value = 0.0 if name == "zero" else float(10 ** rng.uniform(-3, 3))
                base = {"potential": name, "dataset": dataset, "test_dataset": dataset}
                if name == "broken":
                    base |= {"value": None, "verdict": Verdict.ERROR, "reason": f"E {dataset}" * 9}
                results.append(result(**{"value": value, **base, "quantity": quantity}))
    return grid_of(*results)


@pytest.mark.parametrize(
    "grid",
    [
        grid_of(),
        grid_of(result()),
        grid_of(result(value=0.0)),
        grid_of(result(value=None, verdict=Verdict.ERROR)),
        grid_of(result(verdict=None, potential="", dataset="", test_dataset="")),
        big_grid(),
    ],
    ids=["nothing", "one", "zero", "error", "nameless", "8 by 10"],
)
def test_figure_is_drawn_inside_its_page(grid: Grid) -> None:
    with drawing():
        figure = draw_heatmap(grid, "Mean absolute errors")
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        width, height = figure.bbox.width, figure.bbox.height
        for text in figure.axes[0].texts:
            box = text.get_window_extent(renderer)
            assert box.x0 >= 0, text.get_text()
            assert box.y0 >= 0, text.get_text()
            assert box.x1 <= width, text.get_text()
            assert box.y1 <= height, text.get_text()
        assert figure.get_figwidth() < 14


def test_no_text_of_a_cell_leaves_it() -> None:
    with drawing():
        figure = draw_heatmap(big_grid(), "title")
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        cell = figure.dpi * 0.68
        numbers = [t for t in figure.axes[0].texts if t.get_text()[:1].isdigit()]
        assert len(numbers) == 7 * 30
        assert max(t.get_window_extent(renderer).width for t in numbers) <= cell


def test_files_have_the_same_bytes_every_time() -> None:
    grid = grid_of(result(), result(potential="q", value=None, verdict=Verdict.SKIP, reason="r"))

    def draw() -> tuple[bytes, bytes]:
        with drawing():
            figure = draw_heatmap(grid, "title")
            return png_bytes(figure, 100), svg_bytes(figure)

    first, second = draw(), draw()
    assert first == second
    assert first[0].startswith(b"\x89PNG")
    assert b"<svg" in first[1]
    assert b"<dc:date>" not in first[1]


def test_a_footnote_has_neither_traceback_nor_folders() -> None:
    reason = "calling /home/me/calc.py failed:\n  File \"/home/me/calc.py\", line 3\nKeyError: 'Zr'"
    lost = result(potential="q", value=None, verdict=Verdict.ERROR, reason=reason)
    shown = texts(grid_of(result(), lost))
    assert "[1] calling calc.py failed: KeyError: 'Zr'" in shown
    assert not [text for text in shown if "/home" in text or "File" in text]
