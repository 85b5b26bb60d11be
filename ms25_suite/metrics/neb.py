"""Barrier of a reaction by the nudged elastic band.

The paper takes the default parameters of ASE and reads the barrier off a spline (Maxson et al.,
JCIM 2025, Figure 5b). Springs of 0.1 eV/Å^2 and the largest force of 0.05 eV/Å are these defaults.
The tangents are the improved ones, ASE's default since 3.29, and the highest image climbs.

References
----------
G. Henkelman and H. Jónsson, J. Chem. Phys. 113, 9978 (2000), doi:10.1063/1.1323224 (tangents);
G. Henkelman, B. P. Uberuaga and H. Jónsson, J. Chem. Phys. 113, 9901 (2000), doi:10.1063/1.1329672
(climbing image).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import NotFiniteError
from ms25_suite.core.frames import BoolArray, FloatArray, Frames
from ms25_suite.metrics.finite import Predict
from ms25_suite.metrics.relaxation import Relaxation, relax

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "FMAX",
    "Band",
    "Ends",
    "interpolated",
    "path_barrier",
    "path_lengths",
    "relax_band",
    "relax_ends",
]

SPRING: Final = 0.1
"""Spring constant in eV/Å^2: ASE's default."""

METHOD: Final = "improvedtangent"

FMAX: Final = 0.05
"""Largest force in eV/Å of a band, and of its ends, that counts as converged: ASE's default."""

N_INTERPOLATED: Final = 9
"""Images of a path of which only the ends are known."""


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Both ends of a path, relaxed.

    Parameters
    ----------
    relaxation
        The initial and the final state as two frames.
    moved
        How far the atom that moved most went in each of them, in Å, shape ``(2,)``.
    atoms
        Which atom that is, shape ``(2,)``.
    """

    relaxation: Relaxation
    moved: FloatArray
    atoms: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A band, converged or not.

    Parameters
    ----------
    frames
        Its images.
    energies
        Their energies in eV, shape ``(n_images,)``.
    lengths
        Length of the path up to each image in Å, shape ``(n_images,)``.
    barrier
        Highest point of the spline above the initial state, in eV.
    reaction_energy
        Energy of the final minus that of the initial state in eV.
    converged
        Whether the largest force of the band is below what was asked for.
    fmax
        That force in eV/Å.
    steps
        Steps that were taken.
    problem
        Why the band ended early; empty if it did not.
    """

    frames: Frames
    energies: FloatArray
    lengths: FloatArray
    barrier: float
    reaction_energy: float
    converged: bool
    fmax: float
    steps: int
    problem: str = ""


def relax_ends(frames: Frames, fixed: BoolArray, predict: Predict, *, steps: int) -> Ends:
    """Relax the first and the last image of a path, both in one batch.

    Parameters
    ----------
    frames
        The path.
    fixed
        Atoms that do not move, shape ``(n_atoms,)``.
    predict
        Predicts all frames at once.
    steps
        Most steps.

    Raises
    ------
    PredictionError
        The potential raised, or both ends have no finite prediction.
    """
    from ase.geometry import find_mic

    ends = frames.select([0, len(frames) - 1])
    done = relax(ends, predict, fmax=FMAX, steps=steps, fixed=np.tile(fixed, 2))
    shifts, _ = find_mic(done.frames.positions - ends.positions, ends.cells[0], ends.pbc[0])
    lengths = np.linalg.norm(shifts, axis=1).reshape(2, -1)
    first, last = (int(index) for index in lengths.argmax(axis=1))
    return Ends(done, lengths.max(axis=1), (first, last))


def relax_band(frames: Frames, fixed: BoolArray, predict: Predict, *, steps: int) -> Band:
    """Relax a path between its ends to a minimum-energy path, all images of a step in one batch.

    The optimizer is ASE's FIRE: the forces of a band are no gradient, so that what builds up a
    Hessian from them may fail, and for a band of many atoms a full Hessian does not fit either.

    Parameters
    ----------
    frames
        The images; the first and the last stay where they are.
    fixed
        Atoms that do not move, shape ``(n_atoms,)``.
    predict
        Predicts all frames at once.
    steps
        Most steps.

    Raises
    ------
    PredictionError
        The potential raised, or the path that it starts from has no finite prediction.
    """
    from ase.optimize import FIRE

    from ms25_suite.metrics.batch_neb import BatchNEB

    images = _images(frames, fixed)
    band = BatchNEB(images, predict, k=SPRING, climb=True, method=METHOD)
    state = _Finite(band)
    optimizer = FIRE(band, logfile=None)
    optimizer.attach(state.keep)
    problem, converged = "", False
    # Before anything moves: without energies there is not even a path to speak of.
    band.get_forces()
    try:
        converged = bool(optimizer.run(fmax=FMAX, steps=steps))
    except NotFiniteError as error:
        problem = f"after {state.steps} steps {error.args[0]}"
    barrier, reaction_energy = path_barrier(state.images)
    energies = np.array([image.get_potential_energy() for image in state.images])
    relaxed = Frames.from_atoms(state.images)
    return Band(
        frames=relaxed,
        energies=energies,
        lengths=path_lengths(relaxed),
        barrier=barrier,
        reaction_energy=reaction_energy,
        converged=converged,
        fmax=state.fmax,
        steps=state.steps,
        problem=problem,
    )


class _Finite:
    """The last state of a band in which every image had a finite energy and finite forces."""

    def __init__(self, band: Any) -> None:
        self._band = band
        self.images: list[Atoms] = []
        self.fmax = float("nan")
        self.steps = -1

    def keep(self) -> None:
        forces = self._band.get_forces()
        self.fmax = float(np.linalg.norm(forces, axis=1).max())
        self.images = [_frozen(image) for image in self._band.images]
        self.steps += 1


def _frozen(image: Atoms) -> Atoms:
    copy = image.copy()
    copy.calc = image.calc
    return copy


def path_barrier(images: Sequence[Atoms]) -> tuple[float, float]:
    """Forward barrier by a spline through energies and forces, and the reaction energy, in eV.

    ``ase.mep.NEBTools.get_barrier``, as in the paper.
    """
    from ase.mep import NEBTools

    barrier, difference = NEBTools(list(images)).get_barrier(fit=True)
    return float(barrier), float(difference)


def path_lengths(frames: Frames) -> FloatArray:
    """Length of a path up to each image in Å, by the shortest way to the next, ``(n_images,)``."""
    from ase.geometry import find_mic

    positions = np.asarray(frames.positions).reshape(len(frames), -1, 3)
    steps = [0.0]
    for one, other in pairwise(positions):
        shift, _ = find_mic(other - one, frames.cells[0], frames.pbc[0])
        steps.append(float(np.linalg.norm(shift)))
    return np.asarray(np.cumsum(steps), dtype=np.float64)


def interpolated(frames: Frames, fixed: BoolArray) -> Frames:
    """Path between two frames by the image-dependent pair potential.

    References
    ----------
    S. Smidstrup, A. Pedersen, K. Stokbro and H. Jónsson, J. Chem. Phys. 140, 214106 (2014),
    doi:10.1063/1.4878664; ``ase.mep.NEB.interpolate``.
    """
    from ase.mep import NEB

    first, last = _images(frames, fixed)
    images = [first, *(first.copy() for _ in range(N_INTERPOLATED - 2)), last]
    NEB(images, method=METHOD).interpolate("idpp", mic=True, apply_constraint=False)
    return Frames.from_atoms(images)


def _images(frames: Frames, fixed: BoolArray) -> list[Atoms]:
    from ase.constraints import FixAtoms

    images = [frames.atoms(index) for index in range(len(frames))]
    if fixed.any():
        for image in images:
            image.set_constraint(FixAtoms(mask=fixed))
    return images
