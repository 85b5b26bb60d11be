"""Structures of the worst frames, which the page shows and saves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ms25_suite.report.html.packed import packed

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["VIEWER", "Structures"]

VIEWER: Final = "3Dmol-min.js"
"""Viewer of structures, a file of the folder ``templates``: 3Dmol.js 2.5.5 (BSD-3-Clause)."""

_MOST_CHARACTERS: Final = 8_000_000
"""Longest text of all structures in a page, where it takes a quarter of this. Of the others the
page says where they are."""


@dataclass(slots=True)
class Structures:
    """Texts of extended XYZ.

    Parameters
    ----------
    texts
        A text for each prediction, with its worst frames in order.
    n_left_out
        Number of predictions whose frames would make the page too long.
    """

    texts: list[str] = field(default_factory=list)
    n_left_out: int = 0

    def add(self, text: str) -> tuple[int, int]:
        """Add the frames of a prediction.

        Returns
        -------
        place, n_frames
            Place of the text, and number of its frames: 0 if there are none in the page.
        """
        n_frames = text.count("Properties=")
        if n_frames and sum(map(len, self.texts)) + len(text) > _MOST_CHARACTERS:
            self.n_left_out += 1
            n_frames = 0
        if not n_frames:
            return 0, 0
        self.texts.append(text)
        return len(self.texts) - 1, n_frames

    @property
    def data(self) -> Markup:
        """Element of the page that holds them, compressed; empty if there are none."""
        return packed("structures", self.texts)
