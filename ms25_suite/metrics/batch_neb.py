"""ASE's nudged elastic band with all images of a step in one batch.

A module of its own because it imports ASE's class at the top; `ms25_suite.metrics.neb` imports it
only when a band is relaxed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.mep import NEB

from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.metrics.finite import Predict, energies_and_forces

__all__ = ["BatchNEB"]


class BatchNEB(NEB):  # type: ignore[misc]
    """Band whose images get their energies and forces from one prediction at each step.

    Everything else is ASE's. The same positions are evaluated only once, however often ASE requests
    the forces.

    Parameters
    ----------
    images
        The images; the first and the last one do not move.
    predict
        Predicts all frames at once.
    inputs
        Keys of inputs that a card names (`Inputs.named_keys`).
    options
        Options of ``ase.mep.NEB``, including ``method``.

    Raises
    ------
    ValueError
        The potential predicts no energies or no forces.
    """

    def __init__(
        self,
        images: Sequence[Atoms],
        predict: Predict,
        inputs: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(list(images), **options)
        self._predict = predict
        self._inputs = inputs or {}
        self._known: FloatArray | None = None
        # The ends do not move, but their energies decide the tangents at their neighbours.
        self._attach([0, len(self.images) - 1])

    def get_forces(self) -> FloatArray:
        """Forces of the band on the intermediate images.

        Returns
        -------
        :
            Projected true forces plus spring forces in eV/Å, shape
            ``((n_images - 2) * n_atoms, 3)``.
        """
        positions = self.get_positions()
        if self._known is None or not np.array_equal(positions, self._known):
            self._attach(range(1, len(self.images) - 1))
            self._known = positions
        return np.asarray(super().get_forces(), dtype=np.float64)

    def _attach(self, chosen: Sequence[int]) -> None:
        """Attach the results of one prediction to the chosen images."""
        frames = Frames.from_atoms([self.images[index] for index in chosen], self._inputs)
        energies, forces = energies_and_forces(self._predict(frames))
        for place, index in enumerate(chosen):
            self.images[index].calc = SinglePointCalculator(
                self.images[index],
                energy=float(energies[place]),
                forces=np.array(forces[frames.atoms_of(place)]),
            )
