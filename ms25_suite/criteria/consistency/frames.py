"""Frames that the laws are tested on, and which laws apply to a dataset."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.held_out import unseen_set
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.extensivity import MOST_ATOMS
from ms25_suite.potentials.potential import Potential

__all__ = ["choose_frames", "not_asked", "without_symmetry"]

MOST_FRAMES: Final = 3
"""Frames of each kind of periodicity: a law holds for all structures, or it is broken by most."""

DISPLACED_A: Final = 0.03
"""Standard deviation of the displacements in Å, less than that of thermal motion (0.05 to 0.1 Å)
and enough for forces of some 0.1 eV/Å."""

STRAIN: Final[FloatArray] = np.array(
    [[0.008, 0.005, -0.007], [0.005, -0.004, 0.010], [-0.007, 0.010, 0.006]]
)
"""Strain by which periodic frames are deformed: no component of the stress is zero, and no two are
equal. 1 % is a stress of about 1 GPa in a metal or an oxide."""


def choose_frames(potential: Potential, dataset: Dataset) -> IntArray:
    """The smallest test frames that hold all elements, for each kind of periodicity.

    Returns
    -------
    :
        Indices of the frames in the dataset.
    """
    test = dataset.splits.test(set=unseen_set(potential, dataset))
    frames = dataset.frames.select(test)
    # None, some or all directions are periodic.
    kinds = frames.pbc.sum(axis=1)
    kinds = np.where((kinds > 0) & (kinds < 3), 1, kinds)
    chosen: list[int] = []
    for kind in (3, 1, 0):
        missing, n_chosen = set(frames.elements), 0
        of_kind = np.flatnonzero(kinds == kind)
        for index in of_kind[np.argsort(frames.n_atoms[of_kind], kind="stable")]:
            new = set(frames.numbers[frames.atoms_of(index)].tolist()) & missing
            if new or not n_chosen:
                chosen.append(int(index))
                missing -= new
                n_chosen += 1
            if n_chosen == MOST_FRAMES or not missing:
                break
    return np.asarray(test[chosen], dtype=np.int64)


def without_symmetry(frame: Frames, rng: np.random.Generator) -> Frames:
    """The frame with displaced atoms and, if it is periodic, a strained cell.

    Forces or stresses that are zero or equal by symmetry would hide that they are wrong.
    """
    positions = frame.positions + rng.normal(0.0, DISPLACED_A, frame.positions.shape)
    if not frame.pbc.all():
        # A slab or a molecule has no stress.
        return replace(frame, positions=positions)
    grown = np.eye(3) + STRAIN
    return replace(frame, positions=positions @ grown, cells=frame.cells @ grown)


def not_asked(case: Case) -> NotAsked | None:
    """Laws that no frame of the dataset can be asked about are left out."""
    dataset, law = case.dataset, case.parameters.get("quantity")
    pbc, name = dataset.frames.pbc, dataset.name
    if law == "stress_from_energy" and not pbc.all(axis=1).any():
        return NotAsked(f"no frame of {name} is periodic in three directions: it has no stress")
    if law in ("periodic_images", "cell_choice", "supercell") and not pbc.any():
        return NotAsked(f"no frame of {name} is periodic")
    if law == "net_torque" and pbc.any(axis=1).all():
        return NotAsked(f"all frames of {name} are periodic: the torque on a crystal has no value")
    if law != "supercell":
        return None
    if case.subject.kind == "reference" and dataset.card.partners.not_extensive:
        return NotAsked(
            f"the reference of {name} is not extensive: {dataset.card.partners.not_extensive}"
        )
    if 2 * dataset.frames.n_atoms[pbc.any(axis=1)].min() > MOST_ATOMS:
        return NotAsked(f"no periodic frame of {name} has at most {MOST_ATOMS // 2} atoms")
    return None
