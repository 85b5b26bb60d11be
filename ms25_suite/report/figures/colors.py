"""Colours of the heatmap: a logarithmic scale, and numbers that can be read on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from matplotlib.colors import LogNorm

__all__ = [
    "MARK_COLORS",
    "MARK_SPAN",
    "Color",
    "color_range",
    "shade_by_mark",
    "shade_of",
    "text_color",
    "ticks_between",
]

Color: TypeAlias = tuple[float, float, float, float]
"""Red, green, blue and opacity from 0 to 1."""


MARK_COLORS: Final = "RdYlBu_r"
"""Diverging colours of ColorBrewer, distinguishable with colour vision deficiency."""

MARK_SPAN: Final = 10.0
"""The scale ends at so many thresholds, and at the threshold divided by it."""

NO_MARK: Final[Color] = (0.91, 0.92, 0.93, 1.0)


def color_range(values: Sequence[float]) -> tuple[float, float]:
    """Ends of the colour scale: the positive values, rounded outward to 1, 2 or 5 times 10^n.

    Without a positive value the scale is from 0.1 to 100.
    """
    positive = [value for value in values if value > 0 and math.isfinite(value)]
    if not positive:
        return 0.1, 100.0
    low, high = _round_down(min(positive)), -1.0
    for step in _steps(min(positive), max(positive)):
        high = step
        if step >= max(positive):
            break
    return (low, high) if high >= 2 * low else (low, 10 * low)


def text_color(background: Sequence[float]) -> str:
    """Black or white, whichever has the higher contrast on a colour (WCAG 2.1, section 1.4.3)."""
    # From sRGB to linear light; then the weights of the eye's sensitivity.
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in background[:3]]
    luminance = 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "black"


def shade_of(norm: LogNorm) -> Callable[[float], Color]:
    """Colour of a value as a function; a value that is not positive has the lowest one."""
    from matplotlib import colormaps

    inferno = colormaps["inferno"]

    def shade(value: float) -> Color:
        # Zero has no logarithm.
        red, green, blue, alpha = inferno(float(norm(value)) if value > 0 else 0.0)
        return (red, green, blue, alpha)

    return shade


def shade_by_mark(value: float, threshold: float | None) -> Color:
    """Colour of an error by its ratio to the threshold: blue below, red above, yellow at it.

    The ends are a tenth and ten times the threshold, whatever the other numbers are. A number
    without a threshold is grey.
    """
    from matplotlib import colormaps

    if threshold is None or threshold <= 0:
        return NO_MARK
    # Zero has no logarithm.
    ratio = max(value / threshold, 1.0 / MARK_SPAN)
    share = 0.5 + 0.5 * math.log10(ratio) / math.log10(MARK_SPAN)
    red, green, blue, alpha = colormaps[MARK_COLORS](min(share, 1.0))
    return (red, green, blue, alpha)


def ticks_between(low: float, high: float) -> list[float]:
    """Ticks at 1, 2 and 5 times 10^n, or at 10^n alone where those would be many."""
    decades = math.log10(high / low)
    near = [x for x in _steps(low, high) if low * 0.999 <= x <= high * 1.001]
    if decades <= 3:
        return near
    powers = [x for x in near if f"{x:e}".startswith("1.0")]
    return powers[:: max(math.ceil(len(powers) / 8), 1)]


def _round_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next((m * power for m in (5.0, 2.0, 1.0) if m * power <= value), power)


def _steps(low: float, high: float) -> Iterator[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for exponent in range(first, last + 1):
        for mantissa in (1.0, 2.0, 5.0):
            yield mantissa * 10.0**exponent
