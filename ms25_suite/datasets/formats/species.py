"""Elements of the types of atoms in formats that number them."""

from __future__ import annotations

from collections.abc import Sequence

from ms25_suite.core.errors import DatasetError

__all__ = ["element_list"]


def element_list(words: Sequence[str], where: str) -> list[str]:
    """Chemical symbols in the order of the types.

    Parameters
    ----------
    words
        The symbols, also several in one word, joined by commas.
    where
        What names them, for messages.

    Raises
    ------
    DatasetError
        A word is no chemical symbol, or stands twice.
    """
    from ase.data import atomic_numbers

    elements = [part.strip() for word in words for part in word.split(",") if part.strip()]
    unknown = [word for word in elements if word not in atomic_numbers or word == "X"]
    if unknown or not elements:
        msg = (
            f"{where}: expected chemical symbols in the order of the types, found "
            f"{', '.join(unknown) or 'none'}. State them: --species H O"
        )
        raise DatasetError(msg)
    if len(set(elements)) != len(elements):
        msg = f"{where}: an element stands twice in {' '.join(elements)}"
        raise DatasetError(msg)
    return elements
