"""Energies of the elements that make predictions and labels share one zero.

Two methods, or two sets of pseudopotentials, differ by a constant for each atom of an element. No
forces and no reaction energies depend on it. Where it is removed, it is fitted to other frames than
those whose errors are judged, and the interval of the error contains what the fit leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ms25_suite.core.errors import DatasetError, NotJudgedError
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.metrics.conventions.offsets import fractions_of
from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.metrics.intervals import TAILS, Statistic

__all__ = ["FRAMES_PER_ELEMENT", "Alignment", "fit_alignment"]

FRAMES_PER_ELEMENT: Final = 3
"""Fewest frames for each element: as many frames as elements would leave no error at all."""

_RESAMPLES: Final = 500


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A constant for each element, in eV per atom.

    Parameters
    ----------
    elements
        Atomic numbers, ascending.
    constants
        Predicted minus reference, shape ``(n_elements,)``.
    resampled
        The same for resampled frames of the fit, shape ``(n_resamples, n_elements)``.
    n_parameters
        Number of constants, or of sums of them, that the frames determine.
    n_frames
        Number of frames of the fit.
    where
        Which frames these are, in words.
    """

    elements: tuple[int, ...]
    constants: FloatArray
    resampled: FloatArray
    n_parameters: int
    n_frames: int
    where: str

    def counts(self, frames: Frames) -> FloatArray:
        """Number of atoms of each element in each frame, shape ``(n_frames, n_elements)``.

        Raises
        ------
        NotJudgedError
            Frames hold an element that no frame of the fit has.
        """
        from ase.data import chemical_symbols

        extra = [chemical_symbols[z] for z in frames.elements if z not in self.elements]
        if extra:
            msg = (
                f"energies cannot be aligned: no frame of {self.where} has {', '.join(extra)}, so "
                "that its constant is not known"
            )
            raise NotJudgedError(msg)
        found = np.zeros((len(frames), len(self.elements)))
        place = [self.elements.index(z) for z in frames.elements]
        found[:, place] = fractions_of(frames) * frames.n_atoms[:, None]
        return found

    def removed(self, energies: FloatArray, frames: Frames) -> FloatArray:
        """Predicted energies in eV without the constants, shape ``(n_frames,)``."""
        return np.asarray(energies - self.counts(frames) @ self.constants)

    def mae(self, errors: ErrorSummary, frames: Frames) -> Statistic:
        """Mean absolute error of aligned energies, whose interval contains the error of the fit.

        The frames of the fit are others than those that are judged, so that their scatters are
        independent: the distances of the ends are added in quadrature (Zou and Donner, as in
        `ms25_suite.metrics.intervals.ratio_ends`).

        Parameters
        ----------
        errors
            Errors of the aligned energies.
        frames
            The compared frames, also those without a label.

        Returns
        -------
        :
            The same value, with an interval that is no narrower than without the fit.
        """
        interval = errors.mae.interval
        if interval is None:
            return errors.mae
        value = errors.mae.value
        fractions = self.counts(frames)[errors.frames] / frames.n_atoms[errors.frames, None]
        difference = errors.predicted - errors.reference
        shifts = fractions @ (self.resampled - self.constants).T
        means = np.abs(difference[:, None] - shifts).mean(axis=0)
        low, high = np.quantile(means, [TAILS[0], 1.0 - TAILS[1]])
        down = np.hypot(value - interval[0], max(value - low, 0.0))
        up = np.hypot(interval[1] - value, max(high - value, 0.0))
        return replace(errors.mae, interval=(max(float(value - down), 0.0), float(value + up)))


def fit_alignment(
    frames: Frames,
    reference: FloatArray,
    predicted: FloatArray,
    where: str,
    *,
    groups: IntArray | None = None,
    seed: int = 0,
) -> Alignment:
    """Fit a constant for each element to the energy errors of some frames.

    Parameters
    ----------
    frames
        Frames that are not judged.
    reference, predicted
        Total energies in eV; frames whose reference is NaN are left out. Shape ``(n_frames,)``.
    where
        Which frames these are, in words.
    groups
        Number of the trajectory of each frame, shape ``(n_frames,)``: whole trajectories are
        resampled. None if all frames are independent.
    seed
        Seed of the bootstrap.

    Raises
    ------
    DatasetError
        There are fewer than three frames for each element.
    """
    known = np.flatnonzero(np.isfinite(reference))
    own = frames.select(known)
    elements = own.elements
    if len(own) < max(FRAMES_PER_ELEMENT * len(elements), 2):
        msg = (
            f"energies cannot be aligned: {where} are {len(own)} with an energy, expected at least "
            f"{FRAMES_PER_ELEMENT} for each of {len(elements)} elements"
        )
        raise DatasetError(msg)
    fractions = fractions_of(own)
    error = (predicted - reference)[known] / own.n_atoms
    rng = np.random.default_rng(seed)
    # The smallest constants, where the frames determine only sums of them.
    constants = np.linalg.lstsq(fractions, error, rcond=None)[0]
    resampled = np.empty((_RESAMPLES, len(elements)))
    own_groups = np.arange(len(own)) if groups is None else np.asarray(groups)[known]
    members = [np.flatnonzero(own_groups == group) for group in np.unique(own_groups)]
    for sample in range(_RESAMPLES):
        chosen = rng.integers(0, len(members), len(members))
        drawn = np.concatenate([members[group] for group in chosen])
        resampled[sample] = np.linalg.lstsq(fractions[drawn], error[drawn], rcond=None)[0]
    rank = int(np.linalg.matrix_rank(fractions))
    return Alignment(tuple(elements), np.asarray(constants), resampled, rank, len(own), where)
