"""Whether two ways to run a potential compute the same, and whether what is run is dynamics.

A speed is worth something only if the right thing is computed: LAMMPS must find the energy, the
forces and the stress of a frame that the potential itself predicts, and a run at constant energy
must conserve it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.fields import Quantity
from ms25_suite.core.frames import FloatArray, IntArray, Predictions
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.metrics.errors import CONFIDENCE, Statistic
from ms25_suite.metrics.extensivity import Tolerance

__all__ = ["Difference", "agreement_tolerances", "nve_drift", "route_differences"]

_PLAIN: Final[dict[Quantity, float]] = {"energy": 1e-6, "forces": 1e-5, "stress": 1e-6}
"""Differences that do not matter, in eV/atom, eV/Å and eV/Å^3: far below any error of a potential,
and above what other constants of nature do (the metal units of LAMMPS: 1.2e-8 eV/Å^3)."""

_TERMS: Final = 16
_SCALES: Final[dict[Quantity, float]] = {"forces": 100.0, "stress": 20.0}
"""Out of what small numbers are summed: a force between two atoms of 100 eV/Å, and its stress,
over 2.5 Å in 12.5 Å^3."""

_UNITS: Final[dict[Quantity, str]] = {"energy": "eV/atom", "forces": "eV/Å", "stress": "eV/Å^3"}

FS_PER_PS: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Difference:
    """Largest difference between two routes.

    Parameters
    ----------
    value
        In eV/atom, eV/Å or eV/Å^3.
    where
        Where it is, in words; empty for the energy.
    """

    value: float
    where: str = ""


def route_differences(
    predictions: Predictions, *, energy: float, forces: FloatArray, stress: FloatArray
) -> dict[Quantity, Difference]:
    """Largest differences between the predictions for one frame and another route.

    Parameters
    ----------
    predictions
        Of exactly one frame.
    energy
        Energy of the other route in eV.
    forces
        Its forces in eV/Å, shape ``(n_atoms, 3)``.
    stress
        Its stress in eV/Å^3, Voigt order, shape ``(6,)``; NaN where it has none.

    Returns
    -------
    :
        By quantity; the stress only if the potential predicts one.

    Raises
    ------
    ValueError
        The predictions have no energy or no forces, or the shapes differ.
    """
    if predictions.energy is None or predictions.forces is None:
        msg = "expected predictions of an energy and of forces"
        raise ValueError(msg)
    if predictions.forces.shape != forces.shape or len(predictions.energy) != 1:
        msg = f"expected forces of shape {predictions.forces.shape}, got {forces.shape}"
        raise ValueError(msg)
    off = np.abs(predictions.forces - forces)
    atom, axis = np.unravel_index(int(np.argmax(off)), off.shape)
    found: dict[Quantity, Difference] = {
        "energy": Difference(abs(float(predictions.energy[0]) - energy) / len(forces)),
        "forces": Difference(float(off[atom, axis]), f"atom {atom}, along {'xyz'[axis]}"),
    }
    if predictions.stress is not None and np.isfinite(predictions.stress[0]).all():
        # A route that lost the stress differs by infinity, not by nothing.
        lost = np.where(np.isfinite(stress), np.abs(predictions.stress[0] - stress), np.inf)
        component = int(np.argmax(lost))
        name = ("xx", "yy", "zz", "yz", "xz", "xy")[component]
        found["stress"] = Difference(float(lost[component]), f"component {name}")
    return found


def agreement_tolerances(dtype: str, energy_per_atom: float) -> dict[Quantity, Tolerance]:
    """Largest differences between two routes that are rounding.

    1e-6 eV/atom, 1e-5 eV/Å and 1e-6 eV/Å^3, and 16 units in the last place of the floating-point
    type (of a pairwise sum of 2^16 terms), which is nothing beside them in float64.

    Parameters
    ----------
    dtype
        ``float64`` or ``float32``.
    energy_per_atom
        Energy per atom in eV.
    """
    step = _TERMS * float(np.finfo(dtype).eps)
    scales = {"energy": abs(energy_per_atom), **_SCALES}
    return {
        quantity: Tolerance(
            float(f"{plain + step * scales[quantity]:.2g}"),
            f"ms25-suite: rounding in {dtype}, {plain:g} {_UNITS[quantity]} and 16 units in the "
            f"last place of {scales[quantity]:.4g} {_UNITS[quantity]}",
        )
        for quantity, plain in _PLAIN.items()
    }


def nve_drift(
    steps: IntArray, total_energy: FloatArray, *, n_atoms: int, timestep_fs: float
) -> Statistic:
    """Slope of a line through the total energy over time, with the interval of its scatter.

    Parameters
    ----------
    steps
        Steps at which the energy is known, ascending, shape ``(n_rows,)``, at least three.
    total_energy
        Potential and kinetic energy in eV, shape ``(n_rows,)``.
    n_atoms
        Number of atoms.
    timestep_fs
        Time step in fs.

    Returns
    -------
    :
        In meV/atom/ps, with its sign. The ripple of the integrator is scatter: it widens the
        interval (Student's t) of a short run.

    Raises
    ------
    ValueError
        There are fewer than three energies.
    """
    from scipy.stats import linregress, t

    if len(steps) < 3:
        msg = f"a drift needs three energies at least, got {len(steps)}"
        raise ValueError(msg)
    times = np.asarray(steps) * (timestep_fs / FS_PER_PS)
    fit = linregress(times, MEV_PER_EV * np.asarray(total_energy) / n_atoms)
    # Of equal energies the scatter is said to be no number.
    scatter = float(np.nan_to_num(fit.stderr))
    half = float(t.ppf(0.5 + CONFIDENCE / 2, len(steps) - 2)) * scatter
    slope = float(fit.slope)
    return Statistic(slope, (slope - half, slope + half))
