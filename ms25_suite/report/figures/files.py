"""Figures as files of their own, for papers and talks."""

from __future__ import annotations

import itertools
import re
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

_LONGEST: Final = 160
"""Bytes of a name without its ending."""


class FigureFiles:
    """Writes figures as SVG, PNG of 300 dots per inch and PDF, and their numbers as CSV.

    Parameters
    ----------
    folder
        Folder to write to, which is made if needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: set[str] = set()

    def save(self, name: str, figure: Figure) -> None:
        """Write a figure and its numbers; where the name is taken, it gets a number.

        Raises
        ------
        OSError
            A file cannot be written.
        """
        name = re.sub(r"[^\w.+-]+", "_", name)
        # A name of 255 bytes is the longest, and that of a temporary file is longer.
        name = name.encode()[:_LONGEST].decode(errors="ignore") or "figure"
        numbered = (f"{name}-{number}" for number in itertools.count(2))
        # Where upper and lower case are the same, two names may be one file.
        free = next(
            one for one in itertools.chain([name], numbered) if one.casefold() not in self._taken
        )
        self._taken.add(free.casefold())
        write_figure(self._folder, free, figure, numbers_of(figure))


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
