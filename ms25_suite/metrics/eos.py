"""Equation of state: volume, bulk modulus and its derivative from energies of a strained cell.

The paper fits Murnaghan's equation to energies at volumes within 10 % of the equilibrium volume,
using ``ase.eos`` (Maxson et al., JCIM 2025, "Analysis of Observable Errors"). The equations here
are the same as ASE's. The fit is a different one: ASE's does not return B', stops at a relative
change of 1.5e-8, and accepts a curve without a minimum with a warning. Where both succeed they
agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import EosFitError
from ms25_suite.core.fields import EQUATIONS, MIN_EOS_POINTS, Equation
from ms25_suite.core.frames import FloatArray

__all__ = ["EosFit", "birch_murnaghan", "fit_eos", "murnaghan"]

MAX_EVALUATIONS: Final = 200
"""Most evaluations of a least-squares fit. Curves with a minimum need about 20, so a fit that
reaches this number is not converging."""


def murnaghan(volumes: FloatArray, v0: float, e0: float, b0: float, b0_prime: float) -> FloatArray:
    """Murnaghan's equation of state, in which the bulk modulus grows linearly with the pressure.

    ``E(V) = E0 + B0 V / B' [(V0 / V)^B' / (B' - 1) + 1] - B0 V0 / (B' - 1)``

    It follows from ``B(P) = B0 + B' P`` by integrating ``B = -V dP/dV`` and ``P = -dE/dV``.

    Parameters
    ----------
    volumes
        Volumes in Å^3, shape ``(n_points,)``.
    v0, e0
        Volume in Å^3 and energy in eV of the minimum.
    b0
        Bulk modulus at the minimum in eV/Å^3.
    b0_prime
        Derivative B' of the bulk modulus with respect to the pressure, dimensionless; not 0.

    Returns
    -------
    :
        Energies in eV, shape ``(n_points,)``.

    References
    ----------
    F. D. Murnaghan, Proc. Natl. Acad. Sci. 30, 244 (1944), doi:10.1073/pnas.30.9.244, integrated
    as in C.-L. Fu and K.-M. Ho, Phys. Rev. B 28, 5480 (1983), doi:10.1103/PhysRevB.28.5480, and
    ``ase.eos.murnaghan``.

    Examples
    --------
    >>> murnaghan(np.array([16.0, 18.0]), v0=16.0, e0=-4.0, b0=0.5, b0_prime=4.0).round(4).tolist()
    [-4.0, -3.9484]
    """
    from scipy.special import exprel

    # With x = V / V0 and p = 1 - B', the energy is E0 + B0 V0 [x - 1 - (x^p - 1) / p] / B'. The
    # limit of (x^p - 1) / p at B' = 1 is ln x; exprel(z) = (exp(z) - 1) / z has it without a
    # division by 0.
    x = volumes / v0
    power = np.log(x) * exprel((1.0 - b0_prime) * np.log(x))
    return np.asarray(e0 + b0 * v0 * (x - 1.0 - power) / b0_prime, dtype=np.float64)


def birch_murnaghan(
    volumes: FloatArray, v0: float, e0: float, b0: float, b0_prime: float
) -> FloatArray:
    """Third-order Birch-Murnaghan equation of state.

    ``E(V) = E0 + 9/16 B0 V0 (y - 1)^2 [6 + B' (y - 1) - 4 y]`` with ``y = (V0 / V)^(2/3)``

    Parameters
    ----------
    volumes, v0, e0, b0, b0_prime
        Same as for `murnaghan`, but B' may be 0.

    Returns
    -------
    :
        Energies in eV, shape ``(n_points,)``.

    References
    ----------
    F. Birch, Phys. Rev. 71, 809 (1947), doi:10.1103/PhysRev.71.809, as in
    ``ase.eos.birchmurnaghan``.
    """
    y = (v0 / volumes) ** (2.0 / 3.0)
    # With the Eulerian strain f = (y - 1) / 2 the energy is 9/2 B0 V0 f^2 [1 + (B' - 4) f]: for
    # B' = 4 the cubic term vanishes.
    bracket = 6.0 + b0_prime * (y - 1.0) - 4.0 * y
    return np.asarray(e0 + 9.0 / 16.0 * b0 * v0 * (y - 1.0) ** 2 * bracket, dtype=np.float64)


_FUNCTIONS: Final[dict[Equation, Callable[..., FloatArray]]] = {
    "murnaghan": murnaghan,
    "birch-murnaghan": birch_murnaghan,
}


@dataclass(frozen=True, slots=True)
class EosFit:
    """A fitted equation of state.

    Parameters
    ----------
    v0
        Volume of the minimum in Å^3.
    e0
        Energy of the minimum in eV.
    b0
        Bulk modulus at the minimum in eV/Å^3.
    b0_prime
        Derivative of the bulk modulus with respect to the pressure, no unit.
    residual
        Root mean square difference between fitted and given energies in eV.
    equation
        The equation that was fitted.
    """

    v0: float
    e0: float
    b0: float
    b0_prime: float
    residual: float
    equation: Equation = "murnaghan"

    def energies(self, volumes: FloatArray) -> FloatArray:
        """Energies of the fitted curve in eV at volumes in Å^3, both of shape ``(n_points,)``."""
        return _FUNCTIONS[self.equation](volumes, self.v0, self.e0, self.b0, self.b0_prime)


def fit_eos(
    volumes: FloatArray, energies: FloatArray, *, equation: Equation = "murnaghan"
) -> EosFit:
    """Fit an equation of state by least squares.

    The minimum must lie between the volumes: if the lowest energy is that of the first or the last
    volume, the position of the minimum would be an extrapolation.

    Parameters
    ----------
    volumes
        Volumes of the cell in Å^3, shape ``(n_points,)``, in any order.
    energies
        Energies of the same cells in eV, shape ``(n_points,)``.
    equation
        ``murnaghan``, as in the paper, or ``birch-murnaghan``.

    Raises
    ------
    EosFitError
        Fewer than five different volumes, values that are not finite, energies that only rise or
        only fall with the volume, a minimum outside the volumes or none at all, or no convergence.
        Its ``reason`` states which.
    ValueError
        The shapes do not fit together, or there is no such equation.

    References
    ----------
    See `murnaghan` and `birch_murnaghan`.

    Examples
    --------
    >>> volumes = np.linspace(14.5, 17.5, 7)
    >>> fit = fit_eos(volumes, murnaghan(volumes, v0=16.0, e0=-4.0, b0=0.5, b0_prime=4.0))
    >>> round(fit.v0, 4), round(fit.b0, 4), round(fit.b0_prime, 4)
    (16.0, 0.5, 4.0)
    """
    from scipy.optimize import least_squares

    if equation not in EQUATIONS:
        msg = f"expected an equation among {', '.join(EQUATIONS)}, found {equation!r}"
        raise ValueError(msg)
    v, e = _sorted_points(volumes, energies)
    # Without a lower point on either side, the fit would extrapolate the minimum.
    lowest = int(np.argmin(e))
    if lowest in (0, len(v) - 1):
        raise _not_bracketed(v, e, lowest)

    # Volumes in units of that of the lowest point and energies in units of the range of the curve:
    # all four parameters are then of order 1, and the tolerances mean the same for any cell.
    size, depth = float(v[lowest]), float(np.ptp(e))
    x, y = v / size, (e - e[lowest]) / depth
    function = _FUNCTIONS[equation]
    # Start from a parabola: E'' = B0 / V0, and B' = 4, a typical value for solids.
    curvature = 2.0 * float(np.polyfit(x, y, 2)[0])
    start = np.array([1.0, 0.0, curvature if curvature > 0.0 else 1.0, 4.0])

    def errors(parameters: FloatArray) -> FloatArray:
        return np.asarray(function(x, *parameters) - y, dtype=np.float64)

    try:
        # Trial steps may leave the domain (V0 <= 0). They give NaN, and the step is shortened.
        with np.errstate(all="ignore"):
            found: Any = least_squares(
                errors,
                start,
                # Central differences: the error of forward ones, about 1e-8, would limit the fit.
                jac="3-point",
                xtol=1e-15,
                ftol=1e-15,
                gtol=1e-15,
                max_nfev=MAX_EVALUATIONS,
            )
    except (ValueError, np.linalg.LinAlgError) as error:
        msg = f"the fit of the {equation} equation failed: {error}"
        raise EosFitError(msg, "not-converged") from error
    v0, e0, b0, b0_prime = (float(value) for value in found.x)
    if not found.success or not np.isfinite(found.x).all():
        msg = (
            f"the fit of the {equation} equation did not converge in {found.nfev} evaluations: do "
            "the energies form one smooth curve?"
        )
        raise EosFitError(msg, "not-converged")
    # A stationary point with negative curvature is a maximum.
    if b0 <= 0.0:
        msg = (
            f"the fitted {equation} curve has no minimum (bulk modulus {b0 * depth / size:.3g} "
            "eV/Å^3): the energies do not form a single well"
        )
        raise EosFitError(msg, "no-minimum")
    if not x[0] < v0 < x[-1]:
        msg = (
            f"expected the minimum within the volumes {v[0]:.6g} to {v[-1]:.6g} Å^3, found "
            f"{v0 * size:.6g} Å^3 by the fit: sample other volumes"
        )
        raise EosFitError(msg, "outside")
    return EosFit(
        # Back to Å^3 and eV; a bulk modulus is an energy over a volume.
        v0=v0 * size,
        e0=e0 * depth + float(e[lowest]),
        b0=b0 * depth / size,
        b0_prime=b0_prime,
        residual=depth * float(np.sqrt(np.mean(found.fun**2))),
        equation=equation,
    )


def _sorted_points(volumes: FloatArray, energies: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points sorted by volume; raises if they cannot be fitted."""
    v, e = (np.asarray(values, dtype=np.float64) for values in (volumes, energies))
    if v.ndim != 1 or v.shape != e.shape:
        msg = f"volumes and energies must have one shape (n_points,), got {v.shape} and {e.shape}"
        raise ValueError(msg)
    for name, values in (("volumes", v), ("energies", e)):
        n_bad = int(np.count_nonzero(~np.isfinite(values)))
        if n_bad:
            msg = f"expected finite {name}, but {n_bad} of {len(v)} are NaN or infinite"
            raise EosFitError(msg, "not-finite")
    n_different = len(np.unique(v))
    if n_different < MIN_EOS_POINTS or v.min() <= 0.0:
        msg = (
            f"expected at least {MIN_EOS_POINTS} different volumes above zero, found {n_different}"
            + ("" if len(v) == 0 else f", the smallest {v.min():.6g} Å^3")
        )
        raise EosFitError(msg, "points")
    order = np.argsort(v)
    return v[order], e[order]


def _not_bracketed(v: FloatArray, e: FloatArray, lowest: int) -> EosFitError:
    steps = np.diff(e)
    sampled = f"{v[0]:.6g} to {v[-1]:.6g} Å^3"
    if (steps >= 0.0).all() and (steps <= 0.0).all():
        return EosFitError(f"the energy is the same at all volumes, {sampled}", "no-minimum")
    if (steps >= 0.0).all():
        msg = f"the energy only rises with the volume, {sampled}: the cell would collapse"
        return EosFitError(msg, "rising")
    if (steps <= 0.0).all():
        msg = f"the energy only falls with the volume, {sampled}: the cell would come apart"
        return EosFitError(msg, "falling")
    msg = (
        f"expected the lowest energy inside the volumes {sampled}, found it at "
        f"{v[lowest]:.6g} Å^3, their {'lower' if lowest == 0 else 'upper'} end"
    )
    return EosFitError(msg, "outside")
