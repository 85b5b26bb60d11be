"""Reference path of a reaction that belongs to a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.frames import BoolArray, FloatArray, Frames, Labels
from ms25_suite.datasets.cards.card import DatasetCard, LabelKeys
from ms25_suite.datasets.cards.inputs import input_keys
from ms25_suite.datasets.cards.observables import NebConfig
from ms25_suite.datasets.columns.families import find_columns
from ms25_suite.datasets.columns.values import values_under
from ms25_suite.datasets.labelling.bare_energy import has_bare_energy
from ms25_suite.datasets.labelling.reading import read_labels, to_angstrom
from ms25_suite.datasets.observables.files import frames_of, lender, read_files, where_of

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["NebReference", "neb_reference"]

SAME_A: Final = 1e-3
"""Cells and fixed atoms of the images of a path that differ by less, in Å, are the same."""


@dataclass(frozen=True, slots=True, eq=False)
class NebReference:
    """Path of a reaction.

    Parameters
    ----------
    frames
        Images from the initial to the final state; only these two if the card has no path.
    labels
        Their labels; all None if the files have no energies.
    fixed
        Atoms that do not move, from the constraints of the images, shape ``(n_atoms,)``.
    barrier
        Forward barrier of the reference in eV.
    reaction_energy
        Energy of the final minus that of the initial state in eV; None if it is not known.
    config
        The table ``[neb]`` of the card.
    sha256
        SHA-256 of each file.
    """

    frames: Frames
    labels: Labels
    fixed: BoolArray
    barrier: float
    reaction_energy: float | None
    config: NebConfig
    sha256: tuple[str, ...]

    @property
    def energies(self) -> FloatArray | None:
        """Energies of the reference in eV, shape ``(n_images,)``; None if it has none."""
        return self.labels.energy


def neb_reference(card: DatasetCard) -> NebReference | None:
    """Path of the reaction that belongs to a dataset; None if its card names none.

    Raises
    ------
    CardError
        A file is missing or another one, or the card names a path that is not its own.
    LabelError
        Energies are on some images only, or not finite.
    DatasetError
        The files cannot be read, there is one image only, the images differ in atoms, their
        order, cell or fixed atoms, or two neighbours are the same.
    """
    elements, where = card.elements, where_of(card, "neb")
    card = lender(card, "neb")
    config = card.neb
    if config is None:
        return None
    images, sha256 = _neb_images(config, where)
    to_angstrom(images, card.labels.units)
    frames = frames_of(images, elements, input_keys(card.inputs), where)
    _refuse_different(frames, where, given_ends=config.initial is not None)
    fixed = _fixed_atoms(images, frames, where)
    labels = _labels_if_any(images, card.labels, where)
    reaction_energy = config.reaction_energy
    if reaction_energy is None and labels.energy is not None:
        # Negative for an exothermic reaction.
        reaction_energy = float(labels.energy[-1] - labels.energy[0])
    return NebReference(frames, labels, fixed, config.barrier, reaction_energy, config, sha256)


def _neb_images(config: NebConfig, where: str) -> tuple[list[Atoms], tuple[str, ...]]:
    between, hashes = read_files(config.path, where)
    if config.initial is None or config.final is None:
        if len(between) < 2:
            msg = (
                f"{where}: expected the images of a path, from the initial to the final state, "
                f"found {len(between)}"
            )
            raise DatasetError(msg)
        return between, hashes
    ends = []
    for name, file in (("initial", config.initial), ("final", config.final)):
        found, sha256 = read_files((file,), where)
        if len(found) != 1:
            msg = f"{where}: expected one image in `{name}`, found {len(found)} in {file.path}"
            raise DatasetError(msg)
        ends += found
        hashes += sha256
    return [ends[0], *between, ends[1]], hashes


def _refuse_different(frames: Frames, where: str, *, given_ends: bool) -> None:
    """Refuse images that are not of one cell with the same atoms in one order."""
    numbers = [frames.select([index]).numbers for index in range(len(frames))]
    for index, own in enumerate(numbers):
        # The band connects atom i of one image to atom i of the next, so that a permuted image
        # would be a large, unphysical step.
        if not np.array_equal(own, numbers[0]):
            same = np.array_equal(np.sort(own), np.sort(numbers[0]))
            what = "the same atoms in another order" if same else "other atoms"
            msg = (
                f"{where}: expected the atoms of image 0 in the same order in all images, found "
                f"{what} in image {index}"
            )
            raise DatasetError(msg)
    # A band at constant cell: energies of different cells do not form one path.
    apart = np.abs(frames.cells - frames.cells[0]).max(axis=(1, 2))
    other = np.flatnonzero((apart > SAME_A) | (frames.pbc != frames.pbc[0]).any(axis=1))
    if len(other):
        msg = (
            f"{where}: expected one cell and periodicity for all images, found that image "
            f"{other[0]} differs from image 0 (by {apart[other[0]]:.4g} Å)"
        )
        raise DatasetError(msg)
    for index in range(len(frames)):
        # One charge, spin, …: energies of different states do not form one path either.
        state, first = (frames.inputs.prints(i, frames.atoms_of(i)) for i in (index, 0))
        if state != first:
            msg = (
                f"{where}: expected the same inputs ({', '.join(frames.inputs)}) for all images, "
                f"found others in image {index}"
            )
            raise DatasetError(msg)
    prints = frames.fingerprints()
    for index, (one, next_one) in enumerate(pairwise(prints)):
        # The tangent of the band is undefined between two equal images.
        if one == next_one:
            hint = "; with `initial` and `final`, `path` has only the images in between"
            msg = (
                f"{where}: images {index} and {index + 1} are the same, so the path has no "
                f"direction there{hint if given_ends else ''}"
            )
            raise DatasetError(msg)


def _fixed_atoms(images: Sequence[Atoms], frames: Frames, where: str) -> BoolArray:
    """Atoms that the constraints of the images hold, the same in all of them."""
    from ase.geometry import find_mic

    masks = [_held(atoms, f"{where}: image {index}") for index, atoms in enumerate(images)]
    for index, (mask, atoms) in enumerate(zip(masks, images, strict=True)):
        if not np.array_equal(mask, masks[0]):
            msg = f"{where}: expected the same fixed atoms in all images, found others in {index}"
            raise DatasetError(msg)
        if not mask.any():
            continue
        steps = atoms.positions[mask] - images[0].positions[mask]
        # Minimum image: an image may have its fixed atoms wrapped across the boundary.
        _, lengths = find_mic(steps, frames.cells[0], frames.pbc[0])
        if lengths.max() > SAME_A:
            msg = (
                f"{where}: expected fixed atoms in one place, found one that is "
                f"{lengths.max():.4g} Å away from it in image {index}"
            )
            raise DatasetError(msg)
    return masks[0]


def _held(atoms: Atoms, where: str) -> BoolArray:
    from ase.constraints import FixAtoms, FixCartesian

    held = np.zeros(len(atoms), dtype=np.bool_)
    for constraint in atoms.constraints:
        if isinstance(constraint, FixAtoms) or (
            isinstance(constraint, FixCartesian) and np.all(constraint.mask)
        ):
            held[constraint.index] = True
        # ASE reads a `move_mask` of three columns as one FixCartesian for each atom, free ones
        # included.
        elif not (isinstance(constraint, FixCartesian) and not np.any(constraint.mask)):
            msg = (
                f"{where}: expected atoms that are fixed or free, found a constraint "
                f"{type(constraint).__name__}"
            )
            raise DatasetError(msg)
    return held


def _labels_if_any(images: Sequence[Atoms], keys: LabelKeys, where: str) -> Labels:
    """Labels of the images; a path to start from may come without."""
    usual = find_columns(images).families(("energy",))
    if keys.energy is None and not usual and not has_bare_energy(images):
        return Labels()
    if keys.energy is not None and values_under(images, (keys.energy,), "info") is None:
        return Labels()
    return read_labels(images, keys, where, partial=False).labels
