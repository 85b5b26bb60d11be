"""What can be said without a model: the scale of an error.

An energy for each element, no forces and a constant stress. Whatever learned something is better.
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
    """Energy of an atom of each element: least squares over the compositions of the frames.

    Where the compositions do not determine them, the smallest solution: only sums that the
    compositions do determine matter then.

    Parameters
    ----------
    frames
        Frames, at least one.
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
    """Atoms of each element in each frame, shape ``(n_frames, n_elements)``."""
    columns = [
        np.bincount(frames.frame_of_atom[frames.numbers == z], minlength=len(frames))
        for z in elements
    ]
    return np.stack(columns, axis=1).astype(np.float64)


@dataclass(frozen=True, slots=True)
class MeanBaseline:
    """Energies of the elements, zero forces, and the mean stress of the training frames.

    The mean stress and not zero: a dataset under pressure would else make every potential look
    good.

    Parameters
    ----------
    elements
        Atomic numbers, ascending.
    energies
        Energy of an atom of each, in eV.
    stress
        Mean stress in eV/Å^3, Voigt order; None without stress labels.
    """

    elements: tuple[int, ...]
    energies: tuple[float, ...]
    stress: tuple[float, ...] | None

    @classmethod
    def fit(cls, frames: Frames, labels: Labels) -> Self:
        """Fit to training frames, which must have energies.

        Raises
        ------
        ValueError
            There are no frames, or no energies.
        """
        if len(frames) == 0 or labels.energy is None:
            msg = "the baseline needs training frames with energies"
            raise ValueError(msg)
        stress, has_stress = labels.stress, labels.has_stress
        mean = None
        if stress is not None and has_stress is not None and has_stress.any():
            mean = tuple(float(value) for value in stress[has_stress].mean(axis=0))
        energies = element_energies(frames, labels.energy)
        return cls(frames.elements, tuple(float(value) for value in energies), mean)

    @property
    def info(self) -> ModelInfo:
        """Elements and number of fitted values."""
        n_parameters = len(self.energies) + len(self.stress or ())
        return ModelInfo(elements=self.elements, n_layers=0, n_parameters=n_parameters)

    def predict(self, frames: Frames) -> Predictions:
        """Predictions for all frames."""
        stress = None
        if self.stress is not None:
            stress = np.full((len(frames), 6), np.nan)
            stress[frames.pbc.all(axis=1)] = self.stress
        return Predictions(
            energy=_counts(frames, self.elements) @ np.array(self.energies),
            forces=np.zeros((len(frames.numbers), 3)),
            stress=stress,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain types only, for a worker."""
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
