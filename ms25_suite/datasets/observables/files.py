"""Files of reference observables: what curves and paths have in common.

They are read when a check needs them, not with the dataset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, cast

from ms25_suite.core.errors import CardError, DatasetError
from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit.broken import refuse_broken
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.datasets.cards.files import CardFile, verified_sha256
from ms25_suite.datasets.readers.files import read_images
from ms25_suite.datasets.readers.inputs import frames_with_inputs
from ms25_suite.datasets.registry import builtin_card, suggestion

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["frames_of", "lender", "observable_of", "read_files", "where_of"]

Table = Literal["eos", "neb"]


def where_of(card: DatasetCard, table: Table) -> str:
    """Name of a table of a card, for messages."""
    return f"{card.path if card.path is not None else card.name}: [{table}]"


def lender(card: DatasetCard, table: Table) -> DatasetCard:
    """The card whose files are used: that of the built-in dataset that a table names, or itself.

    Raises
    ------
    CardError
        There is no such dataset, it has none of its own, or it is of another level of theory.
    """
    config = getattr(card, table)
    if config is None or config.dataset is None:
        return card
    where, name = where_of(card, table), config.dataset
    found = builtin_card(name)
    if found is None:
        msg = f"{where} is to be that of {name!r}, found no such dataset. {suggestion(name)}"
        raise CardError(msg)
    own = getattr(found, table)
    # No chains: the lender must have files of its own.
    if own is None or own.dataset is not None:
        msg = f"{where} is to be that of {name!r}, which has none"
        raise CardError(msg)
    if card.level_of_theory != found.level_of_theory:
        # The difference of the methods would count as an error of the potential.
        msg = (
            f"{where}: that of {found.name!r} is of the level of theory "
            f"{found.level_of_theory!r}, this dataset of {card.level_of_theory!r}: name files of "
            "the same level, or correct `level_of_theory`"
        )
        raise CardError(msg)
    return found


def observable_of(card: DatasetCard, table: str, default: str) -> str:
    """Observable that a table of a card names.

    Parameters
    ----------
    card
        The card.
    table
        Name of the table, such as ``eos``.
    default
        Observable where tables of that name do not name any.

    Returns
    -------
    :
        Empty if the card has no such table, or borrows it from a dataset that cannot lend it.
    """
    if getattr(card, table, None) is None:
        return ""
    try:
        config = getattr(lender(card, cast("Table", table)), table)
    except DatasetError:
        return ""
    return str(getattr(config, "observable", default))


def read_files(files: Sequence[CardFile], where: str) -> tuple[list[Atoms], tuple[str, ...]]:
    """Frames of all files, and the SHA-256 of each file.

    Raises
    ------
    CardError
        A file is missing or another one than the card describes.
    DatasetError
        A file cannot be read.
    """
    sha256 = tuple(verified_sha256(file, where) for file in files)
    return [atoms for file in files for atoms in read_images(file.path)], sha256


def frames_of(
    images: Sequence[Atoms], elements: Sequence[str], inputs: Mapping[str, str], where: str
) -> Frames:
    """Frames with valid structures, of elements that the dataset has, and with its inputs.

    Raises
    ------
    CardError
        There are other elements.
    DatasetError
        Positions or cells are not finite.
    """
    from ase.data import chemical_symbols

    frames = frames_with_inputs(images, inputs, where)
    refuse_broken(frames, where)
    symbols = [chemical_symbols[number] for number in frames.elements]
    extra = [symbol for symbol in symbols if elements and symbol not in elements]
    if extra:
        msg = (
            f"{where}: the elements of the dataset are {' '.join(elements)}, but the frames "
            f"also hold {' '.join(extra)}"
        )
        raise CardError(msg)
    return frames
