"""ASE's nudged elastic band, with all images of a step in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.mep import NEB

from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.metrics.finite import Predict

__all__ = ["BatchNEB"]


class BatchNEB(NEB):  # type: ignore[misc]
    """Band whose images get their energies and forces from one prediction at each step.

    All else is ASE's. It asks once for the same positions, whoever calls.

    Parameters
    ----------
    images
        The images; the first and the last one stay where they are.
    predict
        Predicts all frames at once.
    options
        Of ``ase.mep.NEB``; ``method`` must be among them.
    """

    def __init__(self, images: Sequence[Atoms], predict: Predict, **options: Any) -> None:
        super().__init__(list(images), **options)
        self._predict = predict
        self._known: FloatArray | None = None
        _attach(self.images, predict, [0, len(self.images) - 1])

    def get_forces(self) -> FloatArray:
        """Forces on the images in between, springs included, shape ``(n_images * n_atoms, 3)``."""
        positions = self.get_positions()
        if self._known is None or not np.array_equal(positions, self._known):
            _attach(self.images, self._predict, range(1, len(self.images) - 1))
            self._known = positions
        return np.asarray(super().get_forces(), dtype=np.float64)


def _attach(images: Sequence[Atoms], predict: Predict, chosen: Sequence[int]) -> None:
    """Give images the results of one prediction for all of them."""
    frames = Frames.from_atoms([images[index] for index in chosen])
    found = predict(frames)
    if found.energy is None or found.forces is None:
        msg = "a band needs energies and forces"
        raise ValueError(msg)
    for place, index in enumerate(chosen):
        own = slice(int(frames.offsets[place]), int(frames.offsets[place + 1]))
        images[index].calc = SinglePointCalculator(
            images[index], energy=float(found.energy[place]), forces=np.array(found.forces[own])
        )
