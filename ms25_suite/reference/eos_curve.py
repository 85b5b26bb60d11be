"""Equation-of-state curves: labelled frames of one cell at several volumes, and their fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.core.fields import REF_ENERGY
from ms25_suite.datasets.cards.observables import CURVE_KEY
from ms25_suite.datasets.observables.eos import FIT_KEYS, RELAXED_KEY, VOLUME_RATIO_KEY
from ms25_suite.metrics.eos import fit_eos
from ms25_suite.reference.labels import label

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Volumes", "labelled_curve"]

FIT_DECIMALS = 8
"""Fitted parameters are stored to 1e-8 of their units, like the energies."""


@dataclass(frozen=True, slots=True)
class Volumes:
    """Volumes of a curve, evenly spaced around the volume of the reference's minimum.

    Parameters
    ----------
    n_points
        Number of volumes. The paper does not give it; with 11 one of them is the minimum, and the
        others follow in steps of 2 % on both sides.
    half_width
        Largest change relative to the volume of the minimum; 10 % in the paper.
    """

    n_points: int = 11
    half_width: float = 0.1

    @property
    def ratios(self) -> tuple[float, ...]:
        """Volumes relative to the volume of the minimum, ascending."""
        ends = 1.0 - self.half_width, 1.0 + self.half_width
        return tuple(float(ratio) for ratio in np.linspace(*ends, self.n_points).round(6))


def labelled_curve(
    minimum: Atoms,
    name: str,
    reference: Any,
    volumes: Volumes,
    *,
    relax: Callable[[Atoms], None] | None = None,
) -> list[Atoms]:
    """Label a cell at several volumes, and store the fit of the whole curve with each frame.

    All cells have the shape of the first one.

    Parameters
    ----------
    minimum
        The cell in the minimum of the reference.
    name
        Name of the curve.
    reference
        ASE calculator.
    volumes
        Volumes of the curve.
    relax
        Function that relaxes the positions in a scaled cell in place; None to keep the
        fractional coordinates.

    Returns
    -------
    :
        Frames in the order of ascending volume. ``info`` contains the name of the curve, the
        relative volume, whether positions were relaxed, and the parameters of the fit.

    Raises
    ------
    EosFitError
        No equation of state fits the energies.
    """
    frames = []
    for ratio in volumes.ratios:
        atoms = minimum.copy()
        # Isotropic: lengths scale with the cube root of the volume.
        atoms.set_cell(minimum.cell.array * ratio ** (1 / 3), scale_atoms=True)
        if relax is not None:
            relax(atoms)
        label(atoms, reference)
        atoms.info[CURVE_KEY] = name
        atoms.info[VOLUME_RATIO_KEY] = ratio
        atoms.info[RELAXED_KEY] = relax is not None
        frames.append(atoms)
    # For readers of the file; a check fits these energies anew, with the equation of the card.
    fit = fit_eos(
        np.array([atoms.get_volume() for atoms in frames]),
        np.array([atoms.info[REF_ENERGY] for atoms in frames]),
    )
    values = (fit.v0, fit.e0, fit.b0, fit.b0_prime)
    for atoms in frames:
        atoms.info.update(
            {key: round(value, FIT_DECIMALS) for key, value in zip(FIT_KEYS, values, strict=True)}
        )
    return frames
