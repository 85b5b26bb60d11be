"""Whether a potential responds to the structure at all.

A potential that predicts the same whatever the positions of the atoms is perfectly extensive,
conserves the energy in molecular dynamics and is the same in LAMMPS: checks without labels would
find nothing wrong with it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from ms25_suite.core.errors import PotentialError
from ms25_suite.core.frames import Frames
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.finite import energies_and_forces
from ms25_suite.potentials.potential import Potential

__all__ = ["distorted", "no_response"]

STRAIN: Final = 0.03
"""Part by which a frame is stretched: far more than rounding, and less than what breaks a bond."""

DISPLACED_A: Final = 0.05
"""Standard deviation of the displacements in Å: thermal motion at room temperature, for which the
Debye-Waller factors of common solids stand (0.05 to 0.1 Å)."""

ROUNDING: Final = 1e-9
"""Relative difference of energies, and force in eV/Å, that are none."""


def distorted(frames: Frames, seed: int = 0) -> Frames:
    """The frames, stretched and with displaced atoms, so that no symmetry is left.

    Parameters
    ----------
    frames
        The frames.
    seed
        Seed of the displacements.
    """
    noise = np.random.default_rng(seed).normal(0.0, DISPLACED_A, frames.positions.shape)
    stretched = (1 + STRAIN) * frames.positions + noise
    return replace(frames, positions=stretched, cells=(1 + STRAIN) * frames.cells)


@lru_cache(maxsize=32)
def no_response(potential: Potential, dataset: Dataset) -> str:
    """Reason why no number of a potential can be a ``pass``; empty if it responds.

    A few test frames are predicted as they are and distorted, once for each potential. Without any
    change of the energy, and without any force on the displaced atoms, the potential does not look
    at the structure.

    Parameters
    ----------
    potential
        The potential.
    dataset
        A dataset of its elements.
    """
    chosen = _chosen(dataset)
    for frame in chosen:
        frames = dataset.frames.select([frame])
        try:
            before, after = potential.predict(frames), potential.predict(distorted(frames))
        except PotentialError:
            # It reacts, if only by an error, which the check itself would meet.
            return ""
        energies, _ = energies_and_forces(before)
        others, forces = energies_and_forces(after)
        change = abs(float(others[0] - energies[0]))
        if change > ROUNDING * max(1.0, abs(float(energies[0]))) or np.abs(forces).max() > ROUNDING:
            return ""
    if not chosen:
        return ""
    return (
        f"{potential.name} does not respond to the structure: frame {chosen[0]} has the same "
        "energy and no forces when it is stretched and its atoms are displaced, so that this "
        "number says nothing"
    )


def _chosen(dataset: Dataset) -> list[int]:
    """A small test frame first, which suffices for any potential that responds, and larger ones."""
    test = dataset.splits.test(set=1)
    frames = dataset.frames.select(test)
    # Nothing acts on a single atom, except that a crystal of it can be stretched.
    several = np.flatnonzero((frames.n_atoms > 1) | frames.pbc.any(axis=1))
    order = test[several[np.argsort(frames.n_atoms[several], kind="stable")]]
    # Two atoms may be too far apart to act on each other.
    places = {0, len(order) // 2, len(order) - 1} if len(order) else set()
    return [int(order[place]) for place in sorted(places)]
