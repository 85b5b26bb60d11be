"""Predictions for frames, and for the same frames moved as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ms25_suite.core.details import Details
from ms25_suite.core.frames import FloatArray
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.potentials.potential import Potential

__all__ = ["KEY", "TranslationDetails", "TranslationErrors", "measure_translation"]

KEY: Final = "translation"
"""Key of the details in `ms25_suite.core.results.CheckResult.details`."""

MOST_FRAMES = 5
"""Frames that are moved: a potential that breaks the symmetry does so for every frame."""


@dataclass(frozen=True, slots=True)
class TranslationDetails(Details):
    """What the figure shows of the energies.

    Parameters
    ----------
    energies
        Change of the energy of each frame in meV/atom, shape ``(n_frames,)``.
    """

    energies: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TranslationErrors:
    """Changes of energies and forces by a translation.

    Parameters
    ----------
    energies
        Changes of the energy in meV/atom, shape ``(n_frames,)``.
    forces
        Changes of the force components in meV/Å, shape ``(n_atoms_total, 3)``.
    """

    energies: FloatArray
    forces: FloatArray

    def record(self, recorder: CheckRecorder) -> None:
        """Record the largest changes against their thresholds."""
        n_frames = len(self.energies)
        recorder.judge(
            "energy",
            value=float(np.abs(self.energies).max()),
            n_frames=n_frames,
            details={KEY: TranslationDetails(tuple(self.energies.tolist())).to_dict()},
        )
        recorder.judge("forces", value=float(np.abs(self.forces).max()), n_frames=n_frames)


def measure_translation(potential: Potential, dataset: Dataset, *, seed: int) -> TranslationErrors:
    """Move some test frames by random vectors, and compare the predictions.

    Noether's theorem: an energy that does not change under translations conserves the momentum.
    A potential with coordinates on a grid, or with an external field, does not.

    Parameters
    ----------
    potential
        The potential.
    dataset
        The dataset whose test frames are moved.
    seed
        Seed of the vectors.

    Raises
    ------
    PotentialError
        The potential cannot predict the frames.
    """
    frames = dataset.frames.select(dataset.splits.test(set=1)[:MOST_FRAMES])
    shifts = np.random.default_rng(seed).uniform(-5.0, 5.0, (len(frames), 3))
    moved = replace(frames, positions=frames.positions + shifts[frames.frame_of_atom])
    before, after = potential.predict(frames), potential.predict(moved)
    energies = np.asarray(after.energy) - np.asarray(before.energy)
    forces = np.asarray(after.forces) - np.asarray(before.forces)
    return TranslationErrors(MEV_PER_EV * energies / frames.n_atoms, MEV_PER_EV * forces)
