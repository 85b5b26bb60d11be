"""Frames with the inputs that their files state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.frames import Frames
from ms25_suite.core.inputs import KNOWN_INPUTS

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["copy_inputs", "frames_with_inputs"]


def frames_with_inputs(images: Sequence[Atoms], inputs: Mapping[str, str], where: str) -> Frames:
    """Frames with the inputs that their files state.

    Parameters
    ----------
    images
        Frames as ASE read them.
    inputs
        Keys of inputs that the card names.
    where
        Name of the source, for messages.

    Raises
    ------
    DatasetError
        An input cannot be used, or the card names one that is not there.
    """
    try:
        return Frames.from_atoms(images, inputs)
    except ValueError as error:
        msg = f"{where}: {error}"
        raise DatasetError(msg) from error


def copy_inputs(image: Atoms, atoms: Atoms, keys: Iterable[str] = ()) -> None:
    """Copy the inputs of one structure to another one of the same atoms, under their own keys.

    Parameters
    ----------
    image
        Where they are, as ASE read it.
    atoms
        Where they go.
    keys
        Keys of inputs besides the known ones.
    """
    wanted = {key.lower() for key in keys}
    wanted |= {key for known in KNOWN_INPUTS.values() for key in known.keys}
    for source, target in ((image.info, atoms.info), (image.arrays, atoms.arrays)):
        target.update({key: value for key, value in source.items() if str(key).lower() in wanted})
