"""Some frames as the text of an extended XYZ file, with what was found about each."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["structures_text"]


def structures_text(images: Iterable[Atoms]) -> str:
    """Frames as extended XYZ with all their arrays and entries of ``info``.

    Parameters
    ----------
    images
        The frames; a calculator is left out.

    Examples
    --------
    >>> from ase import Atoms
    >>> print(structures_text([Atoms("He", info={"frame": 7})]), end="")
    1
    Properties=species:S:1:pos:R:3 frame=7 pbc="F F F"
    He       0.00000000       0.00000000       0.00000000
    """
    from ase.io import write

    stream = io.StringIO()
    write(stream, list(images), format="extxyz", write_results=False)
    return stream.getvalue()
