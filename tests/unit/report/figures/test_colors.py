from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.report.figures.colors import color_range, shade_of, text_color, ticks_between


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


def test_values_that_are_not_positive_have_the_lowest_color() -> None:
    from matplotlib.colors import LogNorm

    shade = shade_of(LogNorm(1.0, 100.0, clip=True))
    assert shade(0.0) == shade(-5.0) == shade(1.0)
    assert shade(100.0) != shade(1.0)


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((1.0, 10.0), [1.0, 2.0, 5.0, 10.0]),
        ((0.2, 5.0), [0.2, 0.5, 1.0, 2.0, 5.0]),
        ((1.0, 1e4), [1.0, 10.0, 100.0, 1e3, 1e4]),
    ],
)
def test_ticks(ends: tuple[float, float], ticks: list[float]) -> None:
    assert ticks_between(*ends) == pytest.approx(ticks)


def test_many_decades_have_few_ticks() -> None:
    assert len(ticks_between(1e-12, 1e12)) <= 9
