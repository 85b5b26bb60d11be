"""Mean predictor: the size of an error without any model.

It predicts an energy per atom of each element, zero forces and a constant stress. A potential that
has learned anything has smaller errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames, Labels, Predictions
from ms25_suite.potentials.base import ModelInfo

__all__ = ["MeanBaseline", "element_energies"]


def element_energies(frames: Frames, energy: FloatArray) -> FloatArray:
    """Energy per atom of each element, by least squares over the compositions of the frames.

    If the compositions do not determine the energies (all frames have the same one, for instance),
    it is the solution of smallest norm; predictions for such compositions do not depend on the
    choice.

    Parameters
    ----------
    frames
        The frames, at least one.
    energy
        Total energies in eV, shape ``(n_frames,)``.

    Returns
    -------
    :
        Energies in eV in the order of ``frames.elements``, shape ``(n_elements,)``.
    """
    found, *_ = np.linalg.lstsq(_counts(frames, frames.elements), energy, rcond=None)
    return np.asarray(found, dtype=np.float64)


def _counts(frames: Frames, elements: tuple[int, ...]) -> FloatArray:
    """Number of atoms of each element in each frame, shape ``(n_frames, n_elements)``."""
    columns = [
        np.bincount(frames.frame_of_atom[frames.numbers == z], minlength=len(frames))
        for z in elements
    ]
    return np.stack(columns, axis=1).astype(np.float64)


@dataclass(frozen=True, slots=True)
class MeanBaseline:
    """Energies of the elements, zero forces, and the mean stress of the training frames.

    The mean stress and not zero, because with a dataset under pressure zero would have a large
    error that makes every potential look good in comparison.

    Parameters
    ----------
    elements
        Atomic numbers, ascending.
    energies
        Energy per atom of each element in eV.
    stress
        Mean stress in eV/Å^3, Voigt order, six components; None without stress labels.
    """

    elements: tuple[int, ...]
    energies: tuple[float, ...]
    stress: tuple[float, ...] | None

    @classmethod
    def fit(cls, frames: Frames, labels: Labels) -> Self:
        """Fit to training frames with energies.

        Raises
        ------
        ValueError
            There are no frames, or they have no energies.
        """
        if len(frames) == 0 or labels.energy is None:
            msg = (
                f"the baseline needs training frames with energies, found {len(frames)} frames "
                f"{'without' if labels.energy is None else 'with'} energies"
            )
            raise ValueError(msg)
        stress, has_stress = labels.stress, labels.has_stress
        mean = None
        if stress is not None and has_stress is not None and has_stress.any():
            mean = tuple(float(value) for value in stress[has_stress].mean(axis=0))
        labelled = np.flatnonzero(np.isfinite(labels.energy))
        frames, energy = frames.select(labelled), np.asarray(labels.energy)[labelled]
        # The mean over all components of a force is zero by symmetry, so forces are not fitted.
        energies = element_energies(frames, energy)
        return cls(frames.elements, tuple(float(value) for value in energies), mean)

    @property
    def info(self) -> ModelInfo:
        """Elements and number of fitted parameters."""
        n_parameters = len(self.energies) + len(self.stress or ())
        return ModelInfo(elements=self.elements, n_layers=0, n_parameters=n_parameters)

    def predict(self, frames: Frames) -> Predictions:
        """Predictions for all frames; a stress only for frames periodic in all directions."""
        stress = None
        if self.stress is not None:
            stress = np.full((len(frames), 6), np.nan)
            # Without a volume there is no stress.
            stress[frames.pbc.all(axis=1)] = self.stress
        return Predictions(
            energy=_counts(frames, self.elements) @ np.array(self.energies),
            forces=np.zeros((len(frames.numbers), 3)),
            stress=stress,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain types only, to be sent to a worker."""
        return {
            "elements": list(self.elements),
            "energies": list(self.energies),
            "stress": None if self.stress is None else list(self.stress),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`."""
        stress = record["stress"]
        return cls(
            tuple(record["elements"]),
            tuple(record["energies"]),
            None if stress is None else tuple(stress),
        )
