"""Agreement of two ways to evaluate a potential, and conservation of energy in a run.

A speed is only meaningful if the computation is correct: LAMMPS must give the energy, forces and
stress that the potential predicts for the same frame, and a run at constant energy must conserve
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.fields import Quantity
from ms25_suite.core.frames import FloatArray, Frames, IntArray, Predictions
from ms25_suite.core.units import FS_PER_PS, MEV_PER_EV
from ms25_suite.metrics.errors import CONFIDENCE, Statistic
from ms25_suite.metrics.finite import energies_and_forces
from ms25_suite.metrics.rounding import EDGE_FORCE, EDGE_STRESS, Tolerance, rounding_tolerance

__all__ = [
    "Agreement",
    "Difference",
    "agreement_tolerances",
    "compare_predictions",
    "nve_drift",
    "route_differences",
]

_ALLOWANCES: Final[dict[Quantity, float]] = {"energy": 1e-6, "forces": 1e-5, "stress": 1e-6}
"""Negligible differences in eV/atom, eV/Å and eV/Å^3: far below the error of any potential, and
above the effect of different physical constants (1.2e-8 eV/Å^3 for LAMMPS' metal units)."""

_SCALES: Final[dict[Quantity, float]] = {"forces": EDGE_FORCE, "stress": EDGE_STRESS}
"""Size of the terms that are summed."""

_UNITS: Final[dict[Quantity, str]] = {"energy": "eV/atom", "forces": "eV/Å", "stress": "eV/Å^3"}


@dataclass(frozen=True, slots=True)
class Difference:
    """Largest difference between two evaluations.

    Parameters
    ----------
    value
        The difference in eV/atom, eV/Å or eV/Å^3.
    where
        Atom or component that has it, in words; empty for the energy.
    frame
        Position of its frame among those that were compared.
    """

    value: float
    where: str = ""
    frame: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """How far two evaluations of the same frames are apart.

    Parameters
    ----------
    differences
        The largest difference of each quantity; infinite where one evaluation has a number and the
        other one has none.
    tolerances
        What of it is rounding, for the frame with the largest energy per atom.
    by_frame
        The differences of each frame, in the order of the frames; NaN where neither has a number.
    """

    differences: dict[Quantity, Difference]
    tolerances: dict[Quantity, Tolerance]
    by_frame: dict[Quantity, FloatArray]

    def beyond(self) -> dict[Quantity, Difference]:
        """Differences that are no rounding."""
        return {
            quantity: found
            for quantity, found in self.differences.items()
            # The other way round, NaN would pass.
            if not found.value <= self.tolerances[quantity].value
        }


def route_differences(
    predictions: Predictions, *, energy: float, forces: FloatArray, stress: FloatArray
) -> dict[Quantity, Difference]:
    """Largest differences between the predictions for one frame and another evaluation of it.

    Parameters
    ----------
    predictions
        Predictions for exactly one frame.
    energy
        Energy from the other evaluation in eV.
    forces
        Its forces in eV/Å, shape ``(n_atoms, 3)``.
    stress
        Its stress in eV/Å^3, Voigt order, shape ``(6,)``; NaN if it has none.

    Returns
    -------
    :
        Difference of each quantity; of the stress only if the potential predicts one.

    Raises
    ------
    ValueError
        The predictions have no energy or no forces, or the shapes differ.
    """
    own_energies, own_forces = energies_and_forces(predictions)
    if own_forces.shape != forces.shape or len(own_energies) != 1:
        msg = f"expected forces of shape {own_forces.shape}, got {forces.shape}"
        raise ValueError(msg)
    off = np.abs(own_forces - forces)
    atom, axis = np.unravel_index(int(np.argmax(off)), off.shape)
    found: dict[Quantity, Difference] = {
        "energy": Difference(abs(float(own_energies[0]) - energy) / len(forces)),
        "forces": Difference(float(off[atom, axis]), f"atom {atom}, along {'xyz'[axis]}"),
    }
    if predictions.stress is not None and np.isfinite(predictions.stress[0]).all():
        # If the potential predicts a stress and the other evaluation has none, something was lost:
        # that is an infinite difference, not none.
        lost = np.where(np.isfinite(stress), np.abs(predictions.stress[0] - stress), np.inf)
        component = int(np.argmax(lost))
        name = ("xx", "yy", "zz", "yz", "xz", "xy")[component]
        found["stress"] = Difference(float(lost[component]), f"component {name}")
    return found


def compare_predictions(
    frames: Frames, expected: Predictions, found: Predictions, dtype: str
) -> Agreement:
    """Compare two evaluations of the same frames, quantity by quantity.

    Parameters
    ----------
    frames
        The frames, at least one.
    expected, found
        Predictions for them. Of the stress, frames without one in `expected` are left
        out; a frame that has none in `found` only is infinitely far away.
    dtype
        Floating-point type of the less precise one, ``float64`` or ``float32``.

    Raises
    ------
    ValueError
        One has no energy or no forces, or the shapes differ.

    Examples
    --------
    >>> from ase import Atoms
    >>> frames = Frames.from_atoms([Atoms("Cu2", [(0, 0, 0), (0, 0, 2.2)])])
    >>> one = Predictions(np.array([-8.0]), np.zeros((2, 3)), None)
    >>> other = Predictions(np.array([-8.002]), np.zeros((2, 3)), None)
    >>> agreement = compare_predictions(frames, one, other, "float64")
    >>> [(name, round(off.value, 6)) for name, off in agreement.beyond().items()]
    [('energy', 0.001)]
    """
    energies, forces = energies_and_forces(found)
    own_energies, own_forces = energies_and_forces(expected)
    n_frames, offsets = len(frames), np.asarray(frames.offsets)
    shapes = {(len(one), len(two)) for one, two in ((energies, forces), (own_energies, own_forces))}
    if shapes != {(n_frames, len(frames.numbers))}:
        msg = f"expected energies and forces of {n_frames} frames with {len(frames.numbers)} atoms"
        raise ValueError(msg)
    by_frame: dict[Quantity, FloatArray] = {}
    largest: dict[Quantity, Difference] = {}
    for frame in range(n_frames):
        differences = route_differences(
            expected.select(np.array([frame]), offsets),
            energy=float(energies[frame]),
            forces=forces[frames.atoms_of(frame)],
            stress=np.full(6, np.nan) if found.stress is None else found.stress[frame],
        )
        for quantity, one in differences.items():
            # A difference that is not a number must not look small.
            value = one.value if np.isfinite(one.value) else np.inf
            by_frame.setdefault(quantity, np.full(n_frames, np.nan))[frame] = value
            if quantity not in largest or value > largest[quantity].value:
                largest[quantity] = Difference(value, one.where, frame)
    per_atom = float(np.abs(own_energies / frames.n_atoms).max())
    return Agreement(largest, agreement_tolerances(dtype, per_atom), by_frame)


def agreement_tolerances(dtype: str, energy_per_atom: float) -> dict[Quantity, Tolerance]:
    """Largest differences between two evaluations that are rounding.

    1e-6 eV/atom, 1e-5 eV/Å and 1e-6 eV/Å^3, plus 16 units in the last place of the floating-point
    type, which are negligible in float64.

    Parameters
    ----------
    dtype
        Floating-point type of the potential, ``float64`` or ``float32``.
    energy_per_atom
        Energy per atom in eV.

    Returns
    -------
    :
        Tolerance of each quantity in eV/atom, eV/Å and eV/Å^3.

    Examples
    --------
    >>> {name: t.value for name, t in agreement_tolerances("float64", -4.0).items()}
    {'energy': 1e-06, 'forces': 1e-05, 'stress': 1e-06}
    >>> {name: t.value for name, t in agreement_tolerances("float32", -4.0).items()}
    {'energy': 8.6e-06, 'forces': 0.0002, 'stress': 3.9e-05}
    """
    scales = {"energy": abs(energy_per_atom), **_SCALES}
    return {
        quantity: rounding_tolerance(
            dtype,
            allowance=allowance,
            stated=f"{allowance:g} {_UNITS[quantity]}",
            scale=scales[quantity],
            unit=_UNITS[quantity],
        )
        for quantity, allowance in _ALLOWANCES.items()
    }


def nve_drift(
    steps: IntArray, total_energy: FloatArray, *, n_atoms: int, timestep_fs: float
) -> Statistic:
    """Slope of the least-squares line through the total energy over time.

    Parameters
    ----------
    steps
        Steps with a known energy, ascending, shape ``(n_rows,)``, at least three.
    total_energy
        Potential plus kinetic energy in eV, shape ``(n_rows,)``.
    n_atoms
        Number of atoms.
    timestep_fs
        Time step in fs.

    Returns
    -------
    :
        Slope in meV/atom/ps with its sign, and its 95 % interval (Student's t of the residuals).
        The oscillation of the energy by the integrator counts as scatter and widens the interval of
        a short run.

    Raises
    ------
    ValueError
        There are fewer than three energies.

    Examples
    --------
    >>> steps = np.arange(0, 100, 10)
    >>> found = nve_drift(steps, 1e-3 * steps, n_atoms=10, timestep_fs=1.0)
    >>> round(found.value, 6)
    100.0
    """
    from scipy.stats import linregress, t

    if len(steps) < 3:
        msg = f"expected three energies or more to fit a drift, found {len(steps)}"
        raise ValueError(msg)
    # Regression, since the integrator's oscillation exceeds the drift of a short run.
    times = np.asarray(steps) * (timestep_fs / FS_PER_PS)
    # Per atom, since the drift of an extensive energy grows with the size of the frame.
    fit = linregress(times, MEV_PER_EV * np.asarray(total_energy) / n_atoms)
    # SciPy returns NaN as the error of a line through equal energies, which have no scatter.
    scatter = float(np.nan_to_num(fit.stderr))
    # Two parameters are fitted, which leaves n - 2 degrees of freedom.
    half = float(t.ppf(0.5 + CONFIDENCE / 2, len(steps) - 2)) * scatter
    slope = float(fit.slope)
    return Statistic(slope, (slope - half, slope + half))
