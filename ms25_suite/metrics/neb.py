"""Barrier of a reaction by the nudged elastic band.

The paper uses ASE's default parameters and takes the barrier from a spline (Maxson et al., JCIM
2025, Figure 5b). Springs of 0.1 eV/Å^2 and a largest force of 0.05 eV/Å are these defaults. The
tangents are the improved ones, ASE's default since 3.29. The paper's bands do not climb, which is
ASE's default too. Here a band is relaxed in this way first, and its highest image climbs then: on a
path that is still rough the highest image may be far from the saddle point.

Of the true force on an image only the part perpendicular to the path is kept, and of the spring
force only the part along it, so that the springs space the images without pulling them off the
path. The improved tangent points to the neighbouring image of higher energy, which prevents kinks.
The climbing image has no springs and the true force along the path inverted, so it converges to
the saddle point.

References
----------
G. Henkelman and H. Jónsson, J. Chem. Phys. 113, 9978 (2000), doi:10.1063/1.1323224 (tangents);
G. Henkelman, B. P. Uberuaga and H. Jónsson, J. Chem. Phys. 113, 9901 (2000), doi:10.1063/1.1329672
(climbing image).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import NotFiniteError
from ms25_suite.core.frames import BoolArray, FloatArray, Frames
from ms25_suite.core.text.progress import progress
from ms25_suite.metrics.finite import Predict
from ms25_suite.metrics.reaction_path import METHOD, path_barrier, path_lengths, to_images
from ms25_suite.metrics.relaxation import Relaxation, relax

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "FMAX",
    "Band",
    "Ends",
    "relax_band",
    "relax_ends",
]

SPRING: Final = 0.1
"""Spring constant in eV/Å^2: ASE's default."""

FMAX: Final = 0.05
"""Largest force in eV/Å on an atom of a converged band or end: ASE's default."""


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """The relaxed ends of a path.

    Parameters
    ----------
    relaxation
        The initial and the final state as two frames.
    moved
        Largest displacement of an atom in each of them, in Å, shape ``(2,)``.
    atoms
        Index of the atom with that displacement in each of them.
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
        Images of the band, including both ends.
    energies
        Their energies in eV, shape ``(n_images,)``.
    lengths
        Length of the path up to each image in Å, shape ``(n_images,)``.
    barrier
        Maximum of the spline relative to the initial state, in eV.
    reaction_energy
        Energy of the final minus that of the initial state in eV.
    converged
        Whether the largest force of the band is below `FMAX`.
    fmax
        Largest force of the band on an atom, in eV/Å.
    steps
        Number of steps.
    problem
        Why the relaxation ended early; empty if it did not.
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
        Images of the path.
    fixed
        Whether each atom is fixed, shape ``(n_atoms,)``.
    predict
        Predicts all frames at once.
    steps
        Maximum number of steps.

    Raises
    ------
    PredictionError
        The potential raised, or neither end has a finite prediction.
    """
    from ase.geometry import find_mic

    ends = frames.select([0, len(frames) - 1])
    done = relax(ends, predict, fmax=FMAX, steps=steps, fixed=np.tile(fixed, 2))
    # Minimum image: an atom that left the cell on one side has not moved by a cell vector.
    shifts, _ = find_mic(done.frames.positions - ends.positions, ends.cells[0], ends.pbc[0])
    lengths = np.linalg.norm(shifts, axis=1).reshape(2, -1)
    first, last = (int(index) for index in lengths.argmax(axis=1))
    return Ends(done, lengths.max(axis=1), (first, last))


def relax_band(
    frames: Frames, fixed: BoolArray, predict: Predict, *, steps: int, climb: bool
) -> Band:
    """Relax a path to a minimum-energy path, with all images of a step in one batch.

    The optimizer is ASE's FIRE. The forces of a band are not the gradient of a function, so methods
    that build up a Hessian may fail, and the Hessian of a band of many atoms is too large anyway.

    Parameters
    ----------
    frames
        Images of the path; the first and the last do not move.
    fixed
        Whether each atom is fixed, shape ``(n_atoms,)``.
    predict
        Predicts all frames at once.
    steps
        Maximum number of steps.
    climb
        Whether the highest image climbs to the saddle point. Without, the maximum of the spline
        lies between images that the springs keep apart, and may miss a narrow ridge.

    Raises
    ------
    PredictionError
        The potential raised, or an image of the initial path has no finite prediction.

    References
    ----------
    E. Bitzek et al., Phys. Rev. Lett. 97, 170201 (2006), doi:10.1103/PhysRevLett.97.170201 (FIRE).
    """
    from ase.optimize import FIRE

    from ms25_suite.metrics.batch_neb import BatchNEB

    images = to_images(frames, fixed)
    # The climbing image is the highest of each step, so it may change on the way.
    band = BatchNEB(images, predict, frames.inputs.named_keys, k=SPRING, climb=climb, method=METHOD)
    # If a later step has no finite prediction, the result is the last state that had one.
    state = _Finite(band)
    optimizer = FIRE(band, logfile=None)
    # ASE calls it before the first step and after each one.
    optimizer.attach(state.keep)
    problem, converged = "", False
    # Outside the `try`: if the initial path cannot be evaluated, there is no result at all.
    band.get_forces()
    try:
        title = "elastic band, climbing" if climb else "elastic band"
        with progress(title, steps, at_most=True) as bar:
            optimizer.attach(bar.advance)
            converged = bool(optimizer.run(fmax=FMAX, steps=steps))
    except NotFiniteError as error:
        problem = f"after {state.steps} steps {error.args[0]}"
    barrier, reaction_energy = path_barrier(state.images)
    energies = np.array([image.get_potential_energy() for image in state.images])
    relaxed = Frames.from_atoms(state.images, frames.inputs.named_keys)
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
