"""Colour, symbol and dashes of each potential: the same ones in all figures of a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

__all__ = [
    "COLORS",
    "DASHES",
    "MARKERS",
    "color_of",
    "line_of",
    "style_of",
    "styles_of_potentials",
]

COLORS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#661100")
"""Okabe and Ito's palette, which remains distinguishable with colour vision deficiency. In place of
its black, which is that of the references, and its yellow, which is too light for lines, it has a
brown of Tol's."""

MARKERS: Final = "osD^vP*Xph8<>"
"""As many as have no divisor in common with the colours: 91 potentials have a pair of their own."""

DASHES: Final = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
"""Of lines; those of potentials that share a colour differ."""

_PLACES: ContextVar[dict[str, int] | None] = ContextVar("_PLACES", default=None)
"""Place of each potential of the figures that are drawn."""


@contextmanager
def styles_of_potentials(names: Iterable[str]) -> Iterator[None]:
    """Give each potential one style for all figures that are drawn meanwhile.

    Parameters
    ----------
    names
        All potentials of the report in its order. One that is not among them comes behind them,
        where its style is asked for.
    """
    token = _PLACES.set({name: place for place, name in enumerate(dict.fromkeys(names))})
    try:
        yield
    finally:
        _PLACES.reset(token)


def color_of(potential: str) -> str:
    """Colour of a potential; the eighth has that of the first."""
    return COLORS[_place(potential) % len(COLORS)]


def style_of(potential: str) -> dict[str, Any]:
    """Colour and symbol of a potential, as keywords of ``Axes.plot``."""
    place = _place(potential)
    return {"color": COLORS[place % len(COLORS)], "marker": MARKERS[place % len(MARKERS)]}


def line_of(potential: str) -> dict[str, Any]:
    """Colour and dashes of a potential, as keywords of ``Axes.plot``, for lines without symbols."""
    place = _place(potential)
    dashes = DASHES[place // len(COLORS) % len(DASHES)]
    return {"color": COLORS[place % len(COLORS)], "ls": dashes}


def _place(potential: str) -> int:
    places = _PLACES.get()
    if places is None:
        msg = "a figure of potentials is drawn within `ms25_suite.report.figures.canvas.drawing`"
        raise LookupError(msg)
    return places.setdefault(potential, len(places))
