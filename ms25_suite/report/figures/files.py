"""Figures as files of their own, for papers and talks."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ms25_suite.core.cache import atomic_path
from ms25_suite.report.figures.canvas import pdf_bytes, png_bytes, svg_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FigureFiles"]

_DPI: Final = 300


class FigureFiles:
    """Writes figures as SVG, PNG of 300 dots per inch, and PDF.

    Parameters
    ----------
    folder
        Folder to write to, which is made if needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counts: Counter[str] = Counter()

    def save(self, name: str, figure: Figure) -> None:
        """Write a figure; the second one of a name gets a number.

        Raises
        ------
        OSError
            A file cannot be written.
        """
        name = re.sub(r"[^\w.+-]+", "_", name)[:120] or "figure"
        self._counts[name] += 1
        if self._counts[name] > 1:
            name = f"{name}-{self._counts[name]}"
        self._folder.mkdir(parents=True, exist_ok=True)
        for suffix, data in (
            ("svg", svg_bytes(figure)),
            ("png", png_bytes(figure, _DPI)),
            ("pdf", pdf_bytes(figure)),
        ):
            with atomic_path(self._folder / f"{name}.{suffix}") as path:
                path.write_bytes(data)
