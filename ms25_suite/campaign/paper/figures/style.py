"""One colour and symbol for each architecture, names of datasets, and small print of figures."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.campaign.paper.outcomes import Outcomes
from ms25_suite.campaign.paper.printed import ARCHITECTURES
from ms25_suite.campaign.paper.readings import NOT_RUN, Reading
from ms25_suite.campaign.paper.subjects import Variant
from ms25_suite.core.results import Verdict
from ms25_suite.core.text.shown import shown_lines
from ms25_suite.report.comparisons import MARK
from ms25_suite.report.figures.canvas import INK, MUTED
from ms25_suite.report.figures.palette import COLORS, MARKERS
from ms25_suite.report.wording import SYMBOLS, middle_cut

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "DAGGER",
    "INCOMPLETE",
    "LINE",
    "SMALL",
    "TEXT",
    "WIDTH",
    "dataset_title",
    "footnotes",
    "label_axes",
    "legend_columns",
    "notes_height",
    "panel_title",
    "plain_tick",
    "print_footnotes",
    "spaced",
    "style_of",
    "text_width",
    "variant_legend",
]

WIDTH: Final = 7.0
"""Inches of a figure over both columns of a page (ACS: 17.8 cm)."""

TEXT: Final = 7.0
"""Points of most text."""

SMALL: Final = 6.0
"""Points of the smallest text."""

LINE: Final = 0.115
"""Height of a line of small print in inches."""

DAGGER: Final = "†"

INCOMPLETE: Final = "*"
"""Sign of a mean that some trainings are missing from."""

_CHARACTER: Final = 0.0078
"""Mean width of a character of DejaVu Sans in inches per point."""

_TITLES: Final = {
    "mgo-2x2": "MgO 2×2",
    "mgo-4x4": "MgO 4×4",
    "water-64": "Water-64",
    "water-192": "Water-192",
    "cha": "CHA",
    "cha-288": "CHA-288",
    "reaction": "Reaction",
    "hea": "HEA",
    "zro": "Zr-O",
    "fau": "FAU",
    "lta": "LTA",
    "mfi": "MFI",
    "bea": "BEA",
}

_SIGNS: Final = {
    NOT_RUN: "not run",
    SYMBOLS[Verdict.ERROR]: "error",
    SYMBOLS[Verdict.SKIP]: "not judged",
    SYMBOLS[Verdict.UNDECIDED]: "undecided, no number",
    SYMBOLS[Verdict.FAIL]: "failed, no number",
}
"""Meaning of the sign of an empty cell."""

_MOST_LABELS: Final = 4

_OTHER_MARKERS: Final = "P*Xph8<>dH1"
"""Symbols of everything that is none of the paper's architectures: an odd number of them, so that
each comes with both of its colours."""

_LONGEST_LABEL: Final = 40

_LONGEST_THEORY: Final = 100


def style_of(variant: Variant) -> dict[str, Any]:
    """Colour and symbol of a variant, as keywords of ``Axes.plot``.

    The paper's architectures have the same ones in every figure of every report.
    """
    known = variant.architecture in ARCHITECTURES and variant.trained
    if not known:
        marker = _OTHER_MARKERS[variant.place % len(_OTHER_MARKERS)]
        return {"color": COLORS[5 + variant.place % 2], "marker": marker}
    index = ARCHITECTURES.index(variant.architecture)
    style: dict[str, Any] = {"color": COLORS[index], "marker": MARKERS[index]}
    # Other settings of an architecture: its colour, half filled.
    if "(" in variant.label:
        style |= {"fillstyle": ("full", "left", "bottom", "top")[variant.place % 4]}
    return style


def dataset_title(name: str, outcomes: Outcomes | None = None) -> str:
    """Name of a dataset as the paper prints it, with a dagger for stand-in labels."""
    dagger = DAGGER if outcomes is not None and name in outcomes.stand_ins else ""
    return f"{middle_cut(shown_lines(_TITLES.get(name, name)), _LONGEST_LABEL)}{dagger}"


def footnotes(
    outcomes: Outcomes, datasets: Iterable[str], readings: Iterable[Reading], *more: str
) -> list[str]:
    """Small print of a figure: stand-in labels, signs of empty cells, two levels of theory.

    Parameters
    ----------
    outcomes
        Numbers of the runs.
    datasets
        Datasets whose labels the figure compares with.
    readings
        What it shows.
    more
        Further sentences.
    """
    notes = [sentence for sentence in more if sentence]
    readings = list(readings)
    names = list(dict.fromkeys(datasets))
    own = [name for name in names if name in outcomes.stand_ins]
    if own:
        shown = ", ".join(dataset_title(name) for name in own)
        theories = {one.name: one.level_of_theory for one in outcomes.run.datasets}
        found = list(dict.fromkeys(theories.get(name, "") for name in own))
        # Of many datasets the page lists the levels of theory.
        known = all(found) and len(found) <= _MOST_LABELS
        theory = (
            f" Labels by {'; '.join(middle_cut(one, _LONGEST_THEORY) for one in found)}."
            if known
            else ""
        )
        notes.append(
            f"{DAGGER} Stand-in labels, not the paper's: {shown}.{theory} Not comparable with the "
            "paper's numbers."
        )
    signs = [sign for sign in _SIGNS if any(one.sign == sign for one in readings)]
    if signs:
        words = ", ".join(f"{sign} {_SIGNS[sign]}" for sign in signs)
        notes.append(f"No number: {words}; the reasons are in the CSV file.")
    if any(one.incomparable for one in readings):
        notes.append(f"{MARK} compares two levels of theory.")
    return notes


def print_footnotes(figure: Figure, notes: Sequence[str], left: float = 0.1) -> float:
    """Print notes at the foot of a figure, and return the height that they take, in inches.

    Call it with the width of the figure final, and make the figure higher by what it returns.
    """
    width, height = figure.get_size_inches()
    lines = _wrapped_notes(notes, width - 2 * left)
    used = LINE * len(lines) + (0.06 if lines else 0.0)
    for number, line in enumerate(lines):
        y = (used - 0.02 - (number + 0.5) * LINE) / height
        figure.text(
            left / width, y, line, fontsize=SMALL, color=MUTED, va="center", parse_math=False
        )
    return used


def notes_height(notes: Sequence[str], width: float, left: float = 0.1) -> float:
    """Height that `print_footnotes` needs on a figure of a width, in inches."""
    lines = _wrapped_notes(notes, width - 2 * left)
    return LINE * len(lines) + (0.06 if lines else 0.0)


def _wrapped_notes(notes: Sequence[str], inches: float) -> list[str]:
    characters = max(int(inches / (SMALL * _CHARACTER)), 20)
    return [line for note in notes for line in textwrap.wrap(note, characters)]


@cache
def text_width(text: str, points: float) -> float:
    """Width of a text in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=points)
    # In points, of which an inch has 72.
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]) / 72


def panel_title(axes: Axes, number: int, title: str) -> None:
    """Letter and title of a panel, ``(a) CHA``, flush left above it."""
    letter = f"({chr(ord('a') + number)}) " if number >= 0 else ""
    # With a place of its own: finding one takes a third of the time of a figure.
    axes.set_title(
        f"{letter}{title}",
        fontsize=TEXT + 0.5,
        loc="left",
        color=INK,
        parse_math=False,
        y=1.0,
        pad=4,
    )


def label_axes(axes: Axes, x: str, y: str, left: float) -> None:
    """Names of the axes, at fixed distances in inches from them."""
    width, height = axes.get_figure().get_size_inches()  # type: ignore[union-attr]
    box = axes.get_position()
    if x:
        axes.set_xlabel(x, fontsize=TEXT)
        axes.xaxis.set_label_coords(0.5, -0.17 / (box.height * height))
    axes.set_ylabel(y, fontsize=TEXT)
    axes.yaxis.set_label_coords(-left / (box.width * width), 0.5)
    axes.yaxis.label.set_verticalalignment("bottom")


def legend_columns(labels: Sequence[str], most: int = 6) -> int:
    """Number of columns of a legend that fits the width of a figure."""
    widest = max((text_width(_label(label), TEXT) for label in labels), default=0.5)
    # A symbol and the space around it take a third of an inch.
    fits = int((WIDTH - 0.2) / (widest + 0.35))
    return max(1, min(len(labels), most, fits))


def _label(text: str) -> str:
    return middle_cut(shown_lines(text), _LONGEST_LABEL)


def variant_legend(
    figure: Figure, entries: Sequence[tuple[Variant, str]], bottom: float, columns: int
) -> None:
    """Legend of symbols in rows, with its lower edge at a height in inches."""
    from matplotlib.lines import Line2D

    height = figure.get_size_inches()[1]
    handles = [Line2D([], [], ls="", ms=4.5, **style_of(variant)) for variant, _ in entries]
    figure.legend(
        handles,
        [_label(label) for _, label in entries],
        loc="lower center",
        bbox_to_anchor=(0.5, bottom / height),
        ncols=columns,
        fontsize=TEXT,
        frameon=False,
        borderpad=0.0,
        labelspacing=0.3,
        handletextpad=0.2,
        columnspacing=1.4,
    )


def plain_tick(value: float, _: int | None = None) -> str:
    """Number at a tick, as short as can be: ``0.5``, ``200``, ``1e12``."""
    mantissa, e, exponent = f"{value:g}".partition("e")
    return (f"{mantissa}e{int(exponent)}" if e else mantissa).replace("-", "−")


def spaced(values: Sequence[int], inches: float, low: float, high: float, gap: float) -> list[int]:
    """Those ticks of a logarithmic axis whose numbers do not touch: first and last, then others.

    Parameters
    ----------
    values
        Ascending, positive.
    inches
        Length of the axis.
    low, high
        Ends of the axis.
    gap
        Least distance of two ticks in inches.
    """

    def place(value: float) -> float:
        return inches * math.log(value / low) / math.log(high / low)

    kept: list[int] = []
    for value in (*values[-1:], *values[:1], *values[1:-1]):
        if all(abs(place(value) - place(other)) >= gap for other in kept):
            kept.append(value)
    return sorted(kept)
