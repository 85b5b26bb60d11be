"""Reaction path of images: interpolation, length, and barrier from a spline."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray, Frames

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["METHOD", "interpolated", "path_barrier", "path_lengths", "to_images"]

METHOD: Final = "improvedtangent"
"""Definition of the tangents in ASE's words: that of Henkelman and Jónsson (2000)."""

N_INTERPOLATED: Final = 9
"""Number of images, including both ends, of a path of which only the ends are given."""


def path_barrier(images: Sequence[Atoms]) -> tuple[float, float]:
    """Forward barrier and reaction energy of a path.

    The barrier is the maximum of a spline through energies and forces along the path, as in the
    paper (``ase.mep.NEBTools.get_barrier``): the highest image alone would underestimate it.

    Parameters
    ----------
    images
        Images with calculators that have energies and forces.

    Returns
    -------
    :
        Barrier and energy of the last image, relative to the first image, in eV.
    """
    from ase.mep import NEBTools

    # Piecewise cubics through the energies with slopes -F . t along the path, so that a maximum
    # between two images is found (ase.utils.forcecurve).
    barrier, difference = NEBTools(list(images)).get_barrier(fit=True)
    return float(barrier), float(difference)


def path_lengths(frames: Frames) -> FloatArray:
    """Length of a path up to each image.

    Parameters
    ----------
    frames
        Images of the path.

    Returns
    -------
    :
        Sum of the distances between consecutive images (norm over all atoms, minimum-image
        convention) in Å, shape ``(n_images,)``.
    """
    from ase.geometry import find_mic

    positions = np.asarray(frames.positions).reshape(len(frames), -1, 3)
    steps = [0.0]
    for one, other in pairwise(positions):
        # The shortest way: atoms of consecutive images may be in different periodic cells.
        shift, _ = find_mic(other - one, frames.cells[0], frames.pbc[0])
        steps.append(float(np.linalg.norm(shift)))
    return np.asarray(np.cumsum(steps), dtype=np.float64)


def interpolated(frames: Frames, fixed: BoolArray) -> Frames:
    """Interpolate a path between two frames with the image-dependent pair potential (IDPP).

    It interpolates interatomic distances instead of positions: atoms do not pass each other.

    Parameters
    ----------
    frames
        The two ends.
    fixed
        Whether each atom is fixed, shape ``(n_atoms,)``.

    Returns
    -------
    :
        Nine images, including both ends.

    References
    ----------
    S. Smidstrup, A. Pedersen, K. Stokbro and H. Jónsson, J. Chem. Phys. 140, 214106 (2014),
    doi:10.1063/1.4878664; ``ase.mep.NEB.interpolate``.
    """
    from ase.mep import NEB

    first, last = to_images(frames, fixed)
    images = [first, *(first.copy() for _ in range(N_INTERPOLATED - 2)), last]
    # mic: the shortest way across the periodic boundaries. Without constraints, since a fixed atom
    # may differ between the ends, and then has to move along the path.
    NEB(images, method=METHOD).interpolate("idpp", mic=True, apply_constraint=False)
    return Frames.from_atoms(images, frames.inputs.named_keys)


def to_images(frames: Frames, fixed: BoolArray) -> list[Atoms]:
    """ASE ``Atoms`` objects of a path.

    Parameters
    ----------
    frames
        Images of the path.
    fixed
        Whether each atom is fixed, shape ``(n_atoms,)``; becomes a constraint of each image.
    """
    from ase.constraints import FixAtoms

    images = [frames.atoms(index) for index in range(len(frames))]
    if fixed.any():
        for image in images:
            image.set_constraint(FixAtoms(mask=fixed))
    return images
