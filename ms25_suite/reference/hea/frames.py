"""The HEA data: the paper's own EAM potential in LAMMPS, and the sampling of its frames.

`calculator` labels any frame of Fe, Ni, Cr, Co and Cu; `build` makes the dataset. The sampling is
the paper's (Maxson et al., MS25, "High Entropy Alloy (HEA) Training Data") with one change, the
damping times: see `ms25_suite.reference.hea.sampling.HeaSampling`.

Frames are stored trajectory by trajectory, in the order of time within each. The temperatures of
the trajectories are in random order, so that the first part of a file covers the range as evenly
as the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.reference.builder import Builder, Run
from ms25_suite.reference.calculators.lammps_session import lammps_version, quoted
from ms25_suite.reference.hea.potential_file import ELEMENTS, SHA256, find_potential_file
from ms25_suite.reference.hea.sampling import HeaSampling, run_trajectory
from ms25_suite.reference.jobs import Plan
from ms25_suite.reference.labels import label_trajectory
from ms25_suite.reference.spread import even_values, shares

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["build", "calculator"]


@dataclass(frozen=True, slots=True)
class _Job:
    """One trajectory, of one composition at one temperature."""

    index: int
    temperature_K: float  # noqa: N815 - K is the unit
    n_frames: int
    seed: int
    sampling: HeaSampling
    potential_file: Path

    def frames(self) -> list[Atoms]:
        return label_trajectory(
            self._images(),
            calculator(str(self.potential_file)),
            config_type="hea",
            temperature_K=round(self.temperature_K, 3),
            trajectory=self.index,
        )

    def _images(self) -> Iterator[Atoms]:
        from ase import Atoms

        # A stream of random numbers for each job: frames do not depend on the order of the jobs.
        rng = np.random.default_rng([self.seed, self.index])
        trajectory = run_trajectory(
            self.sampling, self.potential_file, self.temperature_K, self.n_frames, rng
        )
        for positions, lengths in zip(trajectory.positions, trajectory.lengths, strict=True):
            yield Atoms(trajectory.symbols, positions=positions, cell=lengths, pbc=True)


def calculator(potential_file: str | None = None) -> Any:
    """ASE calculator of the reference: energy, forces and stress of any FeNiCrCoCu frame.

    Cells may be triclinic, and cell, composition and number of atoms may change between frames.
    LAMMPS runs in this process, single-threaded.

    Parameters
    ----------
    potential_file
        File of the potential; None to search for it as `find_potential_file` does.

    Raises
    ------
    ReferenceCalculatorError
        There is no such file, or LAMMPS is not installed; later, for a frame that contains another
        element or is not periodic.
    """
    path = find_potential_file(None if potential_file is None else Path(potential_file))
    from ms25_suite.reference.calculators.lammps import LammpsCalculator

    commands = ("pair_style eam/alloy", f"pair_coeff * * {quoted(path)} {' '.join(ELEMENTS)}")
    return LammpsCalculator(commands, ELEMENTS)


def plan(
    run: Run,
    *,
    n_frames: int = 660,
    seed: int = 25,
    potential_file: Path | None = None,
    sampling: HeaSampling | None = None,
) -> Plan:
    """Plan the HEA frames; the options are those of `Builder`."""
    sampling = HeaSampling() if sampling is None else sampling
    potential = find_potential_file(potential_file)
    numbers = shares(n_frames, sampling.frames_per_trajectory)
    # All trajectories have the same number of frames or one less, so that temperatures are even.
    low, high = sampling.lowest_K, sampling.highest_K
    temperatures = even_values(low, high, len(numbers), np.random.default_rng([seed]))
    return Plan(
        "HEA frames",
        [
            _Job(index, float(temperature), number, seed, sampling, potential)
            for index, (temperature, number) in enumerate(zip(temperatures, numbers, strict=True))
        ],
        settings={
            "recipe": asdict(sampling),
            "n_frames": n_frames,
            "seed": seed,
            "potential": SHA256,
            "lammps": lammps_version(),
        },
    )


build = Builder(plan)
