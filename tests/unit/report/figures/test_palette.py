"""Styles of potentials: the same ones in all figures, also for colour vision deficiency."""

from __future__ import annotations

import itertools
from math import gcd

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from ms25_suite.report.figures.canvas import INK, drawing
from ms25_suite.report.figures.palette import (
    COLORS,
    DASHES,
    MARKERS,
    color_of,
    line_of,
    style_of,
    styles_of_potentials,
)

TWELVE = [f"potential {number}" for number in range(12)]

VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.3039],
        ]
    ),
}
"""Machado, Oliveira and Fernandes, IEEE Trans. Vis. Comput. Graph. 15, 1291 (2009), severity 1."""

DISTINCT = 15.0
"""Distance in CIELAB at which colours of small symbols are told apart; 2.3 is just noticeable."""


def lab(color: str, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Colour as it is seen, in CIELAB (D65)."""
    srgb = np.array(to_rgb(color))
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.072175],
            [0.0193339, 0.119192, 0.9503041],
        ]
    )
    xyz = to_xyz @ np.clip(matrix @ linear, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_colors_are_told_apart(vision: str) -> None:
    seen = [lab(color, VISION[vision]) for color in (*COLORS, INK)]
    distances = [float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) > DISTINCT
    # And from the white ground.
    white = lab("#ffffff", VISION[vision])
    assert min(float(np.linalg.norm(one - white)) for one in seen) > DISTINCT


@pytest.mark.parametrize("vision", VISION)
def test_of_twelve_potentials_no_two_look_alike(vision: str) -> None:
    with drawing(TWELVE):
        symbols = [style_of(name) for name in TWELVE]
        lines = [line_of(name) for name in TWELVE]
    for one, other in itertools.combinations(range(12), 2):
        colors = [lab(symbols[place]["color"], VISION[vision]) for place in (one, other)]
        alike = float(np.linalg.norm(colors[0] - colors[1])) < DISTINCT
        # Symbols differ in any case; lines have none, and their dashes differ.
        assert symbols[one]["marker"] != symbols[other]["marker"]
        assert not alike or lines[one]["ls"] != lines[other]["ls"]


def test_a_pair_of_color_and_symbol_does_not_come_again() -> None:
    names = [str(number) for number in range(len(COLORS) * len(MARKERS))]
    with drawing(names):
        pairs = {tuple(style_of(name).values()) for name in names}
        dashes = {str(line_of(name)) for name in names[: len(COLORS) * len(DASHES)]}
    assert gcd(len(COLORS), len(MARKERS)) == 1
    assert len(pairs) == len(names) == 91
    assert len(dashes) == 28


def test_a_potential_that_is_missing_from_a_figure_changes_no_other() -> None:
    with drawing(TWELVE):
        whole = {name: style_of(name) for name in TWELVE}
    with drawing(TWELVE):
        # Those of the figure alone, and in another order.
        some = {name: style_of(name) for name in reversed(TWELVE[3::2])}
    assert all(whole[name] == style for name, style in some.items())
    assert line_colors(TWELVE) == [style["color"] for style in whole.values()]


def line_colors(names: list[str]) -> list[str]:
    with styles_of_potentials(names):
        return [line_of(name)["color"] for name in names]


def test_an_unknown_potential_comes_behind_the_others() -> None:
    with drawing(["a", "b"]):
        assert color_of("c") == COLORS[2]
        assert color_of("a") == COLORS[0]
        assert color_of("d") == COLORS[3]
    with pytest.raises(LookupError, match="is drawn within"):
        color_of("a")
