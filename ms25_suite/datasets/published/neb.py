"""The reaction path of an archive: its images in order, and the barrier along it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES
from ms25_suite.core.frames import BoolArray, FloatArray

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["ArchivePath", "archive_path", "looks_like_path"]

_SAME_A: Final = 1e-4
"""Å. Images whose atoms are nearer to each other than this are the same image."""

_HELD_A: Final = 1e-6
"""Å. An atom that moves less along a whole path was held: minimisation moves the others more."""

_DETOUR: Final = 1.2
"""Length of a path relative to the shortest order of its images: two that are interchanged add
three steps to some ten."""

_RELAXED: Final = 0.1
"""eV/Å, twice the force to which a band is usually relaxed: a state with more is no minimum."""

_ROUGH: Final = 5e-3
"""eV. Smaller steps of the energy along a path do not count as a turn."""

_TURNS: Final = 3
"""Turns of the energy along a path of two elementary steps: two maxima and a minimum."""

_BARRIER: Final = 0.05
"""eV, twice the thermal energy at 300 K."""

_BOND_A: Final = 1.4
"""Å. A C-H bond has 1.09 Å; where CH4 dissociates on platinum it is about 1.5 Å at the saddle."""


@dataclass(frozen=True, slots=True, eq=False)
class ArchivePath:
    """A reaction path with labels.

    Parameters
    ----------
    images
        From the initial to the final state, with ``REF_`` labels and the constraints of the files.
    name
        Where it is in the archive.
    barrier, reverse_barrier
        Highest point of the spline, relative to the initial and to the final state, in eV.
    reaction_energy
        Energy of the final minus that of the initial state, in eV.
    source
        How the barrier was obtained.
    notes
        Remarks for the user.
    """

    images: tuple[Atoms, ...]
    name: str
    barrier: float
    reverse_barrier: float
    reaction_energy: float
    source: str
    notes: tuple[str, ...]


def archive_path(
    paths: Mapping[str, Sequence[Atoms]],
) -> tuple[ArchivePath | None, tuple[str, ...]]:
    """The path of a system, from the images that an archive has of it.

    Parameters
    ----------
    paths
        Images with labels in the order of the files, by name. Each set of an archive may have a
        copy.

    Returns
    -------
    :
        The path, the first one that can be used, or None; and why others were not used.
    """
    found: ArchivePath | None = None
    remarks = []
    for name, images in paths.items():
        try:
            path = _path(name, images)
        except DatasetError as error:
            remarks.append(f"{name} is no reaction path that can be used: {error}")
            continue
        if found is None:
            found = path
        elif not _equal(found, path):
            remarks.append(
                f"{name} is another path, with a barrier of {path.barrier:.3f} eV: the one of "
                f"{found.name} is used"
            )
    return found, tuple(remarks)


def _path(name: str, images: Sequence[Atoms]) -> ArchivePath:
    notes: list[str] = []
    _refuse_different(images)
    band = _without_copies(_last_band(images, notes), notes)
    if len(band) < 3:
        msg = f"expected at least 3 images, the two ends and one in between, found {len(band)}"
        raise DatasetError(msg)
    band = _from_reactant(_in_order(band, notes), notes)
    band = _with_held_atoms(band, notes)
    energies = np.array([atoms.info[REF_ENERGY] for atoms in band])
    _refuse_zigzag(energies)
    top, source = _highest(band, energies)
    barrier, reverse = top - energies[0], top - energies[-1]
    if min(barrier, reverse) <= 1e-3:
        msg = (
            f"its energy has no maximum between the two ends: the spline goes up to {barrier:.3f} "
            f"eV above the first image and {reverse:.3f} eV above the last"
        )
        raise DatasetError(msg)
    notes += _unrelaxed_ends(band)
    return ArchivePath(
        images=tuple(band),
        name=name,
        barrier=float(barrier),
        reverse_barrier=float(reverse),
        reaction_energy=float(energies[-1] - energies[0]),
        source=source,
        notes=tuple(notes),
    )


def looks_like_path(images: Sequence[Atoms]) -> bool:
    """Whether frames lead from one end to another over a barrier, as no sampling does."""
    try:
        _refuse_different(images)
    except DatasetError:
        return False
    energies = np.array([atoms.info[REF_ENERGY] for atoms in images])
    if energies.max() < max(energies[0], energies[-1]) + _BARRIER:
        return False
    moved = np.max([_moves(images[0], atoms) for atoms in images], axis=0) > _HELD_A
    for atoms in (images[0], images[-1]):
        forces = atoms.arrays.get(REF_FORCES)
        # Frames of molecular dynamics have forces of some eV/Å, the ends of a path none.
        if forces is None or np.linalg.norm(forces[moved], axis=1).max() > 2 * _RELAXED:
            return False
    distances = np.array([[_distance(one, two) for two in images] for one in images])
    shortest = _length(distances, _chain(distances, 0))
    return _length(distances, range(len(images))) <= _DETOUR * shortest


def _equal(one: ArchivePath, two: ArchivePath) -> bool:
    return len(one.images) == len(two.images) and all(
        _distance(a, b) < _SAME_A for a, b in zip(one.images, two.images, strict=True)
    )


def _refuse_zigzag(energies: FloatArray) -> None:
    """Refuse a profile that turns again and again: its images are of different relaxations."""
    steps = np.diff(energies)
    steps = steps[np.abs(steps) > _ROUGH]
    turns = int(np.count_nonzero(np.diff(np.sign(steps))))
    if turns > max(_TURNS, (len(energies) - 2) // 3):
        msg = (
            f"its energy turns {turns} times along {len(energies)} images, which are hardly those "
            f"of one path: give each image once, relaxed"
        )
        raise DatasetError(msg)


def _refuse_different(images: Sequence[Atoms]) -> None:
    for index, atoms in enumerate(images):
        if not np.array_equal(atoms.numbers, images[0].numbers):
            msg = f"image {index} has other atoms than image 0, or these in another order"
            raise DatasetError(msg)
        if not np.allclose(atoms.cell.array, images[0].cell.array, rtol=0.0, atol=1e-3):
            msg = f"image {index} has another cell than image 0"
            raise DatasetError(msg)


def _distance(one: Atoms, two: Atoms) -> float:
    """Length of the step from one image to another in Å, over all atoms."""
    from ase.geometry import find_mic

    # Minimum image: an atom may have been wrapped across the boundary on the way.
    _, lengths = find_mic(two.positions - one.positions, one.cell, one.pbc)
    return float(np.linalg.norm(lengths))


def _last_band(images: Sequence[Atoms], notes: list[str]) -> list[Atoms]:
    """The last of several bands: an optimiser of ASE writes all images after each step."""
    first = images[0]
    # The ends do not move while a band is relaxed, so each band begins with the same image.
    starts = [i for i, atoms in enumerate(images) if _distance(first, atoms) < _SAME_A]
    steps = set(np.diff([*starts, len(images)]).tolist())
    if len(starts) == 1 or len(steps) != 1 or steps == {1}:
        return list(images)
    (n_images,) = steps
    notes.append(
        f"{len(images)} images are {len(starts)} bands of {n_images}, as a relaxation writes them: "
        f"the last band is the path"
    )
    return list(images[-n_images:])


def _without_copies(images: Sequence[Atoms], notes: list[str]) -> list[Atoms]:
    kept = [images[0]]
    kept += [two for one, two in pairwise(images) if _distance(one, two) >= _SAME_A]
    if len(kept) < len(images):
        notes.append(f"{len(images) - len(kept)} images that repeat the one before were left out")
    return kept


def _in_order(images: Sequence[Atoms], notes: list[str]) -> list[Atoms]:
    """The images along the path, each between its neighbours.

    Raises
    ------
    DatasetError
        No order makes a path of them.
    """
    n_images = len(images)
    distances = np.array([[_distance(one, two) for two in images] for one in images])
    shortest = min(_length(distances, _chain(distances, start)) for start in range(n_images))
    # A path may turn where two elementary steps meet, so that the order of the file counts unless
    # another one is much shorter.
    if _length(distances, range(n_images)) <= _DETOUR * shortest:
        return list(images)
    # Names such as image-10 before image-2: the two ends are farthest from each other, and from one
    # of them the images follow by distance.
    start = min(int(index) for index in np.unravel_index(distances.argmax(), distances.shape))
    order = np.argsort(distances[start], kind="stable")
    if not _is_ordered(distances[np.ix_(order, order)]):
        msg = (
            f"its {n_images} images are not in the order of a path: another order is much shorter, "
            f"and none is clear. Give the images from the initial to the final state"
        )
        raise DatasetError(msg)
    shown = ", ".join(map(str, order.tolist()))
    notes.append(f"the images of the path were put in order, by distance from one end: {shown}")
    return [images[index] for index in order]


def _chain(distances: FloatArray, start: int) -> list[int]:
    """Images in an order in which each is followed by the nearest that is left."""
    order = [start]
    left = set(range(len(distances))) - {start}
    while left:
        order.append(min(left, key=lambda index: (distances[order[-1], index], index)))
        left.remove(order[-1])
    return order


def _length(distances: FloatArray, order: Sequence[int]) -> float:
    return float(sum(distances[one, two] for one, two in pairwise(order)))


def _is_ordered(distances: FloatArray) -> bool:
    """Whether the next image is nearer than the one after it, along the path and back."""
    near, far = np.diagonal(distances, 1), np.diagonal(distances, 2)
    return bool((near[:-1] < far).all() and (near[1:] < far).all())


def _from_reactant(images: list[Atoms], notes: list[str]) -> list[Atoms]:
    """The images from the molecule to its fragments, which is the paper's forward direction."""
    first, last = _ch_bonds(images[0]), _ch_bonds(images[-1])
    if first >= last:
        return images
    notes.append(
        f"the path was turned round: its first image has {first} C-H bonds and its last {last}, "
        f"and the barrier is that of breaking one"
    )
    return images[::-1]


def _ch_bonds(atoms: Atoms) -> int:
    carbon, hydrogen = (np.flatnonzero(atoms.numbers == z) for z in (6, 1))
    return sum(
        int(np.count_nonzero(atoms.get_distances(int(c), hydrogen, mic=True) < _BOND_A))
        for c in carbon
        if len(hydrogen)
    )


def _with_held_atoms(images: list[Atoms], notes: list[str]) -> list[Atoms]:
    """The images with the constraints of the files, or else with those that the path shows."""
    from ase.constraints import FixAtoms

    if any(atoms.constraints for atoms in images):
        return images
    moved = np.max([_moves(images[0], atoms) for atoms in images], axis=0)
    held = np.flatnonzero(moved < _HELD_A)
    if len(held) == 0:
        return images
    notes.append(
        f"the files do not say which atoms of the path were held: the {len(held)} that are in the "
        f"same place in all images (to {_HELD_A:g} Å) are taken to be"
    )
    for atoms in images:
        atoms.set_constraint(FixAtoms(held))
    return images


def _moves(one: Atoms, two: Atoms) -> FloatArray:
    from ase.geometry import find_mic

    _, lengths = find_mic(two.positions - one.positions, one.cell, one.pbc)
    return np.asarray(lengths, dtype=np.float64)


def _highest(images: Sequence[Atoms], energies: FloatArray) -> tuple[float, str]:
    """Highest energy along the path in eV, and how it was obtained."""
    if all(REF_FORCES in atoms.arrays for atoms in images):
        from ase.calculators.singlepoint import SinglePointCalculator
        from ase.mep import NEBTools

        labelled = []
        for atoms, energy in zip(images, energies, strict=True):
            copy = atoms.copy()
            forces = atoms.arrays[REF_FORCES]
            copy.calc = SinglePointCalculator(copy, energy=energy, forces=forces)
            labelled.append(copy)
        # As in the paper (Figure 5b): the highest image alone underestimates the barrier.
        barrier, _ = NEBTools(labelled).get_barrier(fit=True)
        return float(energies[0] + barrier), (
            "spline through energies and forces of the images, as ase.mep.NEBTools.get_barrier"
        )
    from scipy.interpolate import CubicSpline

    lengths = np.cumsum([0.0, *(_distance(one, two) for one, two in pairwise(images))])
    # The ends are minima: the slope is zero there.
    spline = CubicSpline(lengths, energies, bc_type="clamped")
    fine = spline(np.linspace(0.0, lengths[-1], 2001))
    return float(fine.max()), (
        "cubic spline through the energies of the images alone, since not all of them have forces"
    )


def _unrelaxed_ends(images: Sequence[Atoms]) -> list[str]:
    notes = []
    for name, atoms in (("initial", images[0]), ("final", images[-1])):
        forces = atoms.arrays.get(REF_FORCES)
        if forces is None:
            continue
        free = _free(atoms)
        largest = float(np.linalg.norm(forces[free], axis=1).max()) if free.any() else 0.0
        if largest > _RELAXED:
            notes.append(
                f"the {name} state of the path has a force of {largest:.2f} eV/Å on an atom: it "
                f"may be no minimum"
            )
    return notes


def _free(atoms: Atoms) -> BoolArray:
    from ase.constraints import FixAtoms

    free = np.ones(len(atoms), dtype=np.bool_)
    for constraint in atoms.constraints:
        if isinstance(constraint, FixAtoms):
            free[constraint.index] = False
    return free
