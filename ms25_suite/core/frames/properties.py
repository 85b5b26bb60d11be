"""Energies, forces and stresses of many structures, as concatenated arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ms25_suite.core.fields import Quantity
from ms25_suite.core.frames.arrays import BoolArray, FloatArray, IntArray, atom_indices

__all__ = ["Labels", "Predictions", "Properties"]


@dataclass(frozen=True, slots=True, eq=False)
class Properties:
    """Energies, forces and stresses of some frames.

    Parameters
    ----------
    energy
        Total energies in eV, shape ``(n_frames,)``.
    forces
        Forces in eV/Å, shape ``(n_atoms_total, 3)``.
    stress
        Stresses in eV/Å^3, tension positive, Voigt order xx yy zz yz xz xy, shape
        ``(n_frames, 6)``.

    A frame that lacks a quantity has NaN in its row, or in the rows of its atoms.
    """

    energy: FloatArray | None = None
    forces: FloatArray | None = None
    stress: FloatArray | None = None

    def select(self, indices: Sequence[int] | IntArray, offsets: IntArray) -> Self:
        """Properties of the frames with the given indices.

        Parameters
        ----------
        indices
            Frames to take, in this order.
        offsets
            ``Frames.offsets`` of the frames that the properties belong to.
        """
        chosen = np.asarray(indices, dtype=np.int64)
        atoms = atom_indices(np.asarray(offsets), chosen)

        def take(values: FloatArray | None, rows: IntArray) -> Any:
            return None if values is None else np.asarray(values[rows])

        return type(self)(
            energy=take(self.energy, chosen),
            forces=take(self.forces, atoms),
            stress=take(self.stress, chosen),
        )

    @property
    def has_energy(self) -> BoolArray | None:
        """Whether each frame has an energy, shape ``(n_frames,)``; None without energies."""
        if self.energy is None:
            return None
        return np.asarray(np.isfinite(self.energy), dtype=np.bool_)

    def has_forces(self, offsets: IntArray) -> BoolArray | None:
        """Whether each frame has forces, shape ``(n_frames,)``; None without forces.

        Parameters
        ----------
        offsets
            ``Frames.offsets`` of the frames that the properties belong to.
        """
        if self.forces is None:
            return None
        starts = np.asarray(offsets)[:-1]
        if len(starts) == 0:
            return np.zeros(0, dtype=np.bool_)
        # Over components at once: `all(axis=1)` over three takes five times as long.
        finite = np.isfinite(self.forces).ravel()
        return np.asarray(np.logical_and.reduceat(finite, 3 * starts), dtype=np.bool_)

    @property
    def has_stress(self) -> BoolArray | None:
        """Whether each frame has a stress, shape ``(n_frames,)``; None without stresses."""
        if self.stress is None:
            return None
        return np.asarray(np.isfinite(self.stress).all(axis=1), dtype=np.bool_)

    def has(self, quantity: Quantity, offsets: IntArray) -> BoolArray | None:
        """Whether each frame has a quantity, shape ``(n_frames,)``; None if no frame can."""
        if quantity == "forces":
            return self.has_forces(offsets)
        return self.has_energy if quantity == "energy" else self.has_stress


class Labels(Properties):
    """Energies, forces and stresses of some frames from the reference.

    Each quantity may be on some frames only; it is judged on those.
    """

    __slots__ = ()

    def select(self, indices: Sequence[int] | IntArray, offsets: IntArray) -> Labels:
        """Labels of the frames with the given indices; None for what none of them has.

        Parameters
        ----------
        indices
            Frames to take, in this order.
        offsets
            ``Frames.offsets`` of the frames that the labels belong to.
        """
        # Not `super()`, which knows no class in a dataclass with slots.
        found = Properties.select(self, indices, offsets)

        def kept(values: FloatArray | None) -> FloatArray | None:
            return None if values is None or np.isnan(values).all() else values

        return Labels(kept(found.energy), kept(found.forces), kept(found.stress))

    def complete(self, offsets: IntArray) -> BoolArray:
        """Whether each frame has both energy and forces, which a training needs, ``(n_frames,)``.

        Parameters
        ----------
        offsets
            ``Frames.offsets`` of the frames that the labels belong to.
        """
        has_energy, has_forces = self.has_energy, self.has_forces(offsets)
        if has_energy is None or has_forces is None:
            return np.zeros(len(offsets) - 1, dtype=np.bool_)
        return has_energy & has_forces


class Predictions(Properties):
    """Energies, forces and stresses of some frames from a potential."""

    __slots__ = ()

    @classmethod
    def concatenate(cls, parts: Sequence[Predictions]) -> Predictions:
        """Join the predictions for consecutive groups of frames.

        Parameters
        ----------
        parts
            Predictions of each group, at least one. What is missing in one is missing in all.
        """

        def column(name: str) -> FloatArray | None:
            arrays = [getattr(part, name) for part in parts]
            # A quantity that one part lacks is lacking in the whole.
            return None if any(array is None for array in arrays) else np.concatenate(arrays)

        return cls(column("energy"), column("forces"), column("stress"))
