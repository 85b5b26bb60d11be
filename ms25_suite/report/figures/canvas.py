"""Figures on a canvas of their own, drawn alike everywhere and down to the same bytes."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.text.shown import shown_lines
from ms25_suite.report.figures.palette import styles_of_potentials
from ms25_suite.report.wording import middle_cut

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "INK",
    "MUTED",
    "RULE",
    "drawing",
    "new_figure",
    "pdf_bytes",
    "png_bytes",
    "small_png_bytes",
    "svg_bytes",
    "wrapped",
    "write_text",
]

INK: Final = "#1b1f24"
MUTED: Final = "#5b6470"
RULE: Final = "#c9cfd6"

_STYLE: Final[dict[str, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.unicode_minus": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    # Without a salt the identifiers inside an SVG are random.
    "svg.hashsalt": "ms25-suite",
    "svg.fonttype": "path",
    "hatch.linewidth": 0.6,
    # Names may hold dollar signs, which are not mathematics.
    "text.parse_math": False,
}


@contextmanager
def drawing(potentials: Iterable[str] = ()) -> Iterator[None]:
    """Matplotlib's defaults and the style of the report, independent of a user's matplotlibrc.

    Parameters
    ----------
    potentials
        All potentials of the report in its order: each has one colour and symbol in all figures.
    """
    from matplotlib import style

    with (
        style.context(["default", _STYLE]),
        styles_of_potentials(potentials),
        warnings.catch_warnings(),
    ):
        # A name may be in any script; DejaVu draws a box for what it does not have.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def new_figure(width: float, height: float) -> Figure:
    """Figure of a size in inches with a canvas, outside of pyplot's state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    # No pyplot: it would keep every figure alive, and choose a backend for the whole process.
    FigureCanvasAgg(figure)
    return figure


def png_bytes(figure: Figure, dpi: float, *, compression: int = 6) -> bytes:
    """Figure as PNG, compressed from 1 (a fifth larger, in half of the time) to 9."""
    _make_visible(figure)
    buffer = io.BytesIO()
    # Without the version of matplotlib, the same figure has the same bytes.
    options = {"compress_level": compression}
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None}, pil_kwargs=options)
    return buffer.getvalue()


def small_png_bytes(figure: Figure, dpi: float) -> bytes:
    """Figure as PNG of 256 colours: a third of the size, and no difference that the eye sees."""
    from PIL import Image

    image = Image.open(io.BytesIO(png_bytes(figure, dpi))).convert("RGB")
    buffer = io.BytesIO()
    # No dithering: it would speckle flat areas, and make the file larger.
    image.quantize(256, dither=Image.Dither.NONE).save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def svg_bytes(figure: Figure) -> bytes:
    """Figure as SVG, with text as outlines: it looks the same where the font is missing."""
    _make_visible(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def pdf_bytes(figure: Figure, *, editable: bool = True) -> bytes:
    """Figure as PDF, with text that can be searched.

    Parameters
    ----------
    figure
        The figure.
    editable
        Whether programs for drawings can edit the text too, which takes four times as long.
    """
    from matplotlib import rc_context

    _make_visible(figure)
    buffer = io.BytesIO()
    # TrueType, or shapes with the names of their letters.
    with rc_context({"pdf.fonttype": 42 if editable else 3}):
        figure.savefig(buffer, format="pdf", metadata={"CreationDate": None, "Producer": None})
    return buffer.getvalue()


def write_text(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    color: str = INK,
    weight: str = "normal",
    ha: str = "center",
    ground: float = 0.0,
) -> None:
    """Write a line at a height, as it is: a dollar sign begins no formula.

    Parameters
    ----------
    axes
        Where.
    x, y
        Place in the units of the axes; ``y`` is the middle of the letters.
    text
        One line.
    size
        In points.
    color, weight, ha
        As for ``Axes.text``.
    ground
        Margin in points of a white ground, which keeps a hatch out of the letters; 0 for none.
    """
    axes.text(
        x,
        y,
        text,
        fontsize=size,
        color=color,
        fontweight=weight,
        ha=ha,
        va="center_baseline",
        parse_math=False,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": ground} if ground else None,
    )


def _make_visible(figure: Figure) -> None:
    """Show what cannot be seen in texts: XML has no control characters."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_text(shown_lines(text.get_text()))


def wrapped(text: str, width: int, lines: int) -> list[str]:
    """Text in at most some lines of a number of characters; what does not fit is cut out."""
    width = max(width, 4)
    text = " ".join(text.split())
    found = _wrap(text, width)
    length = width * lines
    while len(found) > lines:
        found = _wrap(middle_cut(text, length), width)
        length -= 1
    return found


def _wrap(text: str, width: int) -> list[str]:
    # Names are broken behind their own separators.
    for separator in "_/:,":
        text = text.replace(separator, f"{separator}\u200b")
    # A hyphen, and not the sign of a number.
    text = re.sub(r"(?<=[^\W_])-(?=[^\W\d_])", "-\u200b", text)
    lines: list[str] = [""]
    for word in text.split(" "):
        for index, piece in enumerate(word.split("\u200b")):
            glue = " " if index == 0 and lines[-1] else ""
            while len(piece) > width:
                if lines[-1]:
                    lines.append("")
                lines[-1], piece = piece[:width], piece[width:]
                glue = ""
                lines.append("")
            if len(lines[-1]) + len(glue) + len(piece) > width:
                lines.append("")
                glue = ""
            lines[-1] += glue + piece
    return [line for line in lines if line]
