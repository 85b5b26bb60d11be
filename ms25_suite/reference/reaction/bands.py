"""Bands of images: how they are relaxed, spread along a path, and cut at its minima."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.frames import FloatArray
from ms25_suite.reference.reaction.surface import relax

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["converge", "cut", "descend", "dips", "resampled", "springs"]

SPRING_eV_A2: Final = 0.5
"""Mean spring constant of a band."""

ENERGY_WEIGHT_A_eV: Final = 15.0
"""How many images go where the energy changes: 1 eV counts as much as a path of this length."""

_STEPS: Final = 1200


def dips(energies: FloatArray, depth: float) -> list[int]:
    """Indices of the lowest images of all dips of a path that are at least so deep (eV)."""
    from scipy.signal import find_peaks

    return [int(index) for index in find_peaks(-energies, prominence=depth)[0]]


def cut(images: list[Atoms], depth: float) -> list[list[Atoms]]:
    """Cut a path at its dips, and relax the images there: they are intermediate states.

    Parameters
    ----------
    images
        Images with calculators. Those of the dips are moved.
    depth
        Smallest depth of a dip that counts, in eV.

    Raises
    ------
    ReferenceCalculatorError
        An intermediate state does not relax.
    """
    # A dip of the rough path is an intermediate minimum, which a single band would cut short.
    cuts = dips(_energies(images), depth)
    for index in cuts:
        if not relax(images[index], images[index].calc):
            msg = f"expected image {index} to relax to 0.01 eV/Å, found that it does not"
            raise ReferenceCalculatorError(msg)
    return [images[low : high + 1] for low, high in pairwise([0, *cuts, len(images) - 1])]


def resampled(images: Sequence[Atoms], number: int, *, by_energy: bool = False) -> list[Atoms]:
    """Interpolate images along the polygon through the given ones, without calculators.

    Parameters
    ----------
    images
        Images of a path; with calculators if ``by_energy``.
    number
        Number of new images, ends included.
    by_energy
        Whether images are denser where the energy changes, so that a narrow ridge gets several of
        them. Otherwise they are at equal distances.
    """
    nodes = np.array([image.positions for image in images])
    lengths = _lengths(images)
    if by_energy:
        lengths = np.hypot(lengths, ENERGY_WEIGHT_A_eV * np.diff(_energies(images)))
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    wanted = np.linspace(0.0, along[-1], number)
    flat = nodes.reshape(len(nodes), -1)
    # `numpy.interp` interpolates one component at a time.
    new = np.stack([np.interp(wanted, along, column) for column in flat.T], axis=1)
    fresh = []
    for positions in new.reshape(number, -1, 3):
        image = images[0].copy()
        image.positions = positions
        fresh.append(image)
    return fresh


def springs(images: Sequence[Atoms]) -> list[float]:
    """Spring constants (eV/Å^2) with which a band keeps the distances that its images have."""
    lengths = _lengths(images)
    # Springs pull with k times distance, so that equal products are in balance.
    return [float(k) for k in SPRING_eV_A2 * lengths.mean() / lengths]


def descend(
    images: Sequence[Atoms], make_calculator: Any, steps: int, *, largest_force: float, climb: bool
) -> bool:
    """Relax a band with FIRE; return whether all forces fell below ``largest_force`` (eV/Å).

    Its steps are short enough for the stiff regions of ReaxFF (third derivatives reach 1e5 eV/Å^3).
    """
    from ase.optimize import FIRE

    band = _band(images, make_calculator, climb=climb)
    optimizer = FIRE(band, logfile=None, maxstep=0.1, dt=0.05, dtmax=0.25)
    return bool(optimizer.run(fmax=largest_force, steps=steps))


def converge(
    images: Sequence[Atoms], make_calculator: Any, *, largest_force: float, climb: bool
) -> bool:
    """Relax a band that is nearly converged; return whether it came below ``largest_force``.

    Below 0.05 eV/Å the momentum of FIRE carries images of ReaxFF across its ridges again and
    again, up to 1 eV/Å; steps whose length follows the error of an integration do not do so.

    References
    ----------
    S. Makri, C. Ortner and J. R. Kermode, J. Chem. Phys. 150, 094109 (2019),
    doi:10.1063/1.5064465 (``ase.mep.neb.NEBOptimizer``).
    """
    from ase.mep.neb import NEBOptimizer

    band = _band(images, make_calculator, climb=climb)

    class Optimizer(NEBOptimizer):  # type: ignore[misc]
        """ASE's looks at the forces across the path only, so that no image has to climb."""

        def get_residual(self, F: Any = None, X: Any = None) -> float:  # noqa: N803 - ASE's names
            forces = band.get_forces() if F is None else F
            return float(np.linalg.norm(forces.reshape(-1, 3), axis=1).max())

    optimizer = Optimizer(band, logfile=None, method="ode")
    optimizer.run(fmax=largest_force, steps=_STEPS)
    # What it returns is true also when it ran out of steps.
    return optimizer.get_residual() <= largest_force


def _band(images: Sequence[Atoms], make_calculator: Any, *, climb: bool) -> Any:
    """Band with improved tangents; images without a calculator get one each."""
    from ase.mep import NEB

    for image in images:
        if image.calc is None:
            image.calc = make_calculator()
    # Springs act along the tangent only, forces of the potential only perpendicular to it.
    return NEB(list(images), k=springs(images), climb=climb, method="improvedtangent")


def _energies(images: Sequence[Atoms]) -> FloatArray:
    return np.array([image.get_potential_energy() for image in images])


def _lengths(images: Sequence[Atoms]) -> FloatArray:
    """Distances between neighbouring images in Å, over all atoms."""
    steps = np.diff([image.positions for image in images], axis=0)
    return np.asarray(np.linalg.norm(steps.reshape(len(steps), -1), axis=1))
