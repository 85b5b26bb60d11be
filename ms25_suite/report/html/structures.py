"""Structures of the worst frames, which the page shows and saves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["VIEWER", "Structures"]

VIEWER: Final = "3Dmol-min.js"
"""Viewer of structures, a file of the folder ``templates``: 3Dmol.js 2.5.5 (BSD-3-Clause)."""

_MOST_CHARACTERS: Final = 2_500_000
"""Longest text of all structures in a page; of the others the page says where they are."""


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

    def add(self, text: str) -> int | None:
        """Add the frames of a prediction; its place, or None if there are none in the page."""
        if not text:
            return None
        if sum(map(len, self.texts)) + len(text) > _MOST_CHARACTERS:
            self.n_left_out += 1
            return None
        self.texts.append(text)
        return len(self.texts) - 1

    @property
    def data(self) -> Markup:
        """Element of the page that holds them; empty if there are none."""
        from markupsafe import Markup

        if not self.texts:
            return Markup("")
        # A name of an array could end the element.
        text = json.dumps(self.texts).replace("<", "\\u003c")
        return Markup(f'<script type="application/json" id="structures">{text}</script>\n')
