from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from ms25_suite.core.records import DatasetRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.run_record import RunRecord
from ms25_suite.report.figures.canvas import drawing, png_bytes, svg_bytes, wrapped
from ms25_suite.report.figures.heatmap import color_range, draw_heatmap, text_color
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


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (0.1, 100.0)),
        ([0.0], (0.1, 100.0)),
        ([0.0, 3.0], (2.0, 5.0)),
        ([1.0], (1.0, 10.0)),
        ([0.3, 180.0], (0.2, 200.0)),
        ([1e-4, 90.0], (1e-4, 100.0)),
    ],
)
def test_color_range(values: list[float], expected: tuple[float, float]) -> None:
    assert color_range(values) == pytest.approx(expected)


def test_color_range_holds_every_positive_value() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        values = list(10.0 ** rng.uniform(-7, 7, size=3))
        low, high = color_range(values)
        assert low <= min(values) * (1 + 1e-12)
        assert high >= max(values) * (1 - 1e-12)
        assert high > low


def test_text_is_readable_on_every_color() -> None:
    from matplotlib import colormaps

    def luminance(color: tuple[float, ...]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color[:3]]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    for level in np.linspace(0, 1, 101):
        background = colormaps["inferno"](level)
        ink = 1.0 if text_color(background) == "white" else 0.0
        light, dark = sorted((ink, luminance(background)), reverse=True)
        # 4.5 is what WCAG AA asks of small text.
        assert (light + 0.05) / (dark + 0.05) >= 4.5


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


def test_style_of_the_user_has_no_say_and_is_left_alone() -> None:
    import matplotlib as mpl

    grid = grid_of(result())
    with drawing():
        expected = png_bytes(draw_heatmap(grid, "t"), 80)
    with mpl.rc_context({"font.size": 30, "font.family": "serif", "axes.facecolor": "red"}):
        with drawing():
            assert png_bytes(draw_heatmap(grid, "t"), 80) == expected
        assert mpl.rcParams["font.size"] == 30


def test_drawing_hides_no_other_warning() -> None:
    with pytest.warns(UserWarning, match="something else"), drawing():
        warnings.warn("something else", stacklevel=1)


def test_wrapped() -> None:
    assert wrapped("short", 10, 2) == ["short"]
    assert wrapped("two words", 5, 2) == ["two", "words"]
    assert wrapped("with_under_scores", 6, 3) == ["with_", "under_", "scores"]
    assert wrapped("", 6, 3) == []
    for text in ("x" * 100, "some words " * 20, "a_b/c:d," * 30, "é" * 50):
        for width in (4, 9, 30):
            lines = wrapped(text, width, 2)
            assert 1 <= len(lines) <= 2
            assert max(map(len, lines)) <= width
            assert "…" in "".join(lines) or "".join(lines).replace(" ", "") == text.replace(" ", "")
