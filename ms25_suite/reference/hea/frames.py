"""The HEA data: the paper's own EAM potential in LAMMPS, and the sampling of its frames.

`calculator` labels any frame of Fe, Ni, Cr, Co and Cu; `build` makes the data set. The recipe is
the paper's (Maxson et al., MS25, "High Entropy Alloy (HEA) Training Data") with one change, the
damping times: `ms25_suite.reference.hea.sampling.Recipe` says which and why.

Frames are stored trajectory by trajectory, in the order of time within each. The temperatures of
the trajectories are in random order, so that the first part of a file is as even as the whole.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.reference.builder import build_frames, label, refuse_numbers, shares
from ms25_suite.reference.calculators.lammps_instance import lammps_version, quoted
from ms25_suite.reference.hea.potential_file import ELEMENTS, SHA256, find_potential_file
from ms25_suite.reference.hea.sampling import Recipe, Trajectory, run_trajectory, temperatures

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["build", "calculator"]


@dataclass(frozen=True, slots=True)
class _Job:
    """One trajectory: everything that its frames depend on."""

    index: int
    temperature_K: float  # noqa: N815 - K is the unit
    n_frames: int
    seed: int
    recipe: Recipe
    potential_file: Path

    def frames(self) -> list[Atoms]:
        """Run and label the trajectory."""
        from ase import Atoms

        rng = np.random.default_rng([self.seed, self.index])
        trajectory: Trajectory = run_trajectory(
            self.recipe, self.potential_file, self.temperature_K, self.n_frames, rng
        )
        # A calculator of its own for each trajectory: what LAMMPS did before could show in the
        # last digits, and would depend on which worker ran what.
        reference = calculator(str(self.potential_file))
        images = []
        for positions, lengths in zip(trajectory.positions, trajectory.lengths, strict=True):
            atoms = Atoms(trajectory.symbols, positions=positions, cell=lengths, pbc=True)
            label(atoms, reference)
            atoms.info["config_type"] = "hea"
            atoms.info["temperature_K"] = round(self.temperature_K, 3)
            atoms.info["trajectory"] = self.index
            images.append(atoms)
        reference.clean()
        return images


def calculator(potential_file: str | None = None) -> Any:
    """ASE calculator of the reference: energy, forces and stress of any FeNiCrCoCu frame.

    Cells may be triclinic, and cell, composition and number of atoms may change between frames.
    LAMMPS runs in this process, single-threaded.

    Parameters
    ----------
    potential_file
        File of the potential; None to look for it as `find_potential_file` does.

    Raises
    ------
    ReferenceCalculatorError
        There is no such file, or LAMMPS is not installed; later, on a frame that holds another
        element or is not periodic.
    """
    path = find_potential_file(None if potential_file is None else Path(potential_file))
    from ms25_suite.reference.calculators.lammps import LammpsCalculator

    commands = ("pair_style eam/alloy", f"pair_coeff * * {quoted(path)} {' '.join(ELEMENTS)}")
    return LammpsCalculator(commands, ELEMENTS)


def build(
    out: Path,
    *,
    n_frames: int = 660,
    seed: int = 25,
    potential_file: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
    recipe: Recipe | None = None,
) -> Path:
    """Sample and label the HEA data.

    Finished trajectories are kept in a folder beside ``out``; the same call after an
    interruption goes on from there, and the file is the same, bit by bit, as without it. Neither
    does it depend on the number of workers. On another machine or with another LAMMPS the
    trajectories differ, as chaotic ones do, while their statistics do not.

    Parameters
    ----------
    out
        File to write, extended XYZ; compressed if its name ends with ``.xz`` or ``.gz``.
    n_frames
        Number of frames; 10,000 is the paper's full protocol.
    seed
        Seed of compositions, temperatures and velocities.
    potential_file
        File of the potential; None to look for it as `find_potential_file` does.
    workers
        Number of processes; None for one per core that this process may use.
    progress
        Whether to show a progress bar on the standard error stream.
    recipe
        Settings of the sampling; None for those of the shipped data.

    Returns
    -------
    :
        ``out``.

    Raises
    ------
    UsageError
        There is nothing to build with these numbers.
    ReferenceCalculatorError
        The potential or LAMMPS is missing, a run failed, or a worker process died.
    """
    refuse_numbers(n_frames=n_frames, workers=workers)
    recipe = Recipe() if recipe is None else recipe
    potential = find_potential_file(potential_file)
    version = lammps_version()

    settings = {
        "recipe": asdict(recipe),
        "n_frames": n_frames,
        "seed": seed,
        "potential": SHA256,
        "lammps": version,
    }
    numbers = shares(n_frames, recipe.frames_per_trajectory)
    jobs = [
        _Job(
            index=index,
            temperature_K=float(temperature),
            n_frames=number,
            seed=seed,
            recipe=recipe,
            potential_file=potential,
        )
        for index, (temperature, number) in enumerate(
            # Numbers of frames differ by one at most, so that temperatures stay even.
            zip(temperatures(len(numbers), recipe, seed), numbers, strict=True)
        )
    ]
    return build_frames(
        out, jobs, settings=settings, title="HEA frames", workers=workers, progress=progress
    )
