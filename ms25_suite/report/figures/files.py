"""Figures as files of their own, for papers and talks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.cache import atomic_path
from ms25_suite.report.figures.canvas import pdf_bytes, png_bytes, svg_bytes
from ms25_suite.report.figures.numbers import COLUMNS, csv_bytes, numbers_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "FigureFiles", "write_figure"]

FORMATS: Final = ("svg", "png", "pdf", "csv")
"""Endings of the files of a figure."""

_DPI: Final = 300
"""Of the PNG, as journals ask for."""


class FigureFiles:
    """Writes figures as SVG, PNG of 300 dots per inch and PDF, and their numbers as CSV.

    Parameters
    ----------
    folder
        Folder to write to, which is made if needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counts: Counter[str] = Counter()

    def save(self, name: str, figure: Figure) -> None:
        """Write a figure and its numbers; the second one of a name gets a number.

        Raises
        ------
        OSError
            A file cannot be written.
        """
        name = re.sub(r"[^\w.+-]+", "_", name)[:120] or "figure"
        self._counts[name] += 1
        if self._counts[name] > 1:
            name = f"{name}-{self._counts[name]}"
        write_figure(self._folder, name, figure, numbers_of(figure))


def write_figure(
    folder: Path,
    name: str,
    figure: Figure,
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str] = COLUMNS,
    *,
    editable: bool = True,
) -> bytes:
    """Write the files of a figure.

    Parameters
    ----------
    folder
        Folder to write to, which is made if needed.
    name
        Name of the files, without ending.
    figure
        The figure.
    rows, columns
        The numbers that it shows, see `csv_bytes`.
    editable
        See `pdf_bytes`.

    Returns
    -------
    :
        The SVG.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    # Little compression: most takes as long as the drawing, for a fifth of the size.
    png = png_bytes(figure, _DPI, compression=1)
    svg, pdf = svg_bytes(figure), pdf_bytes(figure, editable=editable)
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, data in zip(FORMATS, (svg, png, pdf, csv_bytes(rows, columns)), strict=True):
        with atomic_path(folder / f"{name}.{suffix}") as path:
            path.write_bytes(data)
    return svg
