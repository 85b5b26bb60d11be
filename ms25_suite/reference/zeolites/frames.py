"""The zeolite data: Vashishta's SiO2 in LAMMPS, and the sampling of pure silica frameworks.

`calculator` labels any frame of Si and O; `build_cha` and its like make the datasets. The recipe is
the paper's (Maxson et al., MS25, "Zeolite Training Data"): Langevin dynamics at 300 K and a
distribution of volumes. The reference costs milliseconds, so that it samples its own frames.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.frames import FloatArray
from ms25_suite.reference.builder import build_frames, label, refuse_numbers, shares
from ms25_suite.reference.calculators.lammps_files import find_lammps_file
from ms25_suite.reference.calculators.lammps_instance import lammps_version, quoted
from ms25_suite.reference.calculators.lammps_md import Dynamics, Interactions, sample_nvt
from ms25_suite.reference.zeolites.frameworks import framework_atoms

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "Recipe",
    "build",
    "build_bea",
    "build_cha",
    "build_fau",
    "build_lta",
    "build_mfi",
    "calculator",
    "relaxed_framework",
]

FILE_NAME: Final = "SiO.1994.vashishta"
"""Parameter file in the LAMMPS distribution.

Of the three that LAMMPS has, this one gives all five frameworks their symmetry and their volume
to a few per cent (``docs/datasets/zeolites.md``); its interactions are screened and end at 5.5 Å.

References
----------
A. Nakano, R. K. Kalia and P. Vashishta, J. Non-Cryst. Solids 171 (1994) 157.
"""

SHA256: Final = "152a64a6296bbfe15ee61e13045437c1118d6081c16a2cec48dbaab66663c36d"
"""SHA-256 of that file as LAMMPS 22 July 2025 has it."""

ELEMENTS: Final = ("Si", "O")

_SHIPPED_FRAMES: Final = {"CHA": 400, "LTA": 120, "FAU": 120, "MFI": 60, "BEA": 60}

_START_RATTLE_A: Final = 0.05
"""Standard deviation in Å of the displacements that take Si-O-Si off 180 degrees."""

_RELAXED_DECIMALS: Final = 3
"""Digits of a relaxed structure that count: the last ones depend on the number of threads."""


_DYNAMICS: Final = Dynamics(
    thermostat="langevin",
    damping_ps=0.02,
    timestep_ps=0.002,
    equilibration_ps=20.0,
    spacing_ps=10.0,
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of the sampling.

    Parameters
    ----------
    dynamics
        The paper's thermostat (friction 0.05 per fs) and time step; the times between frames are
        this suite's (the paper has at least 50 ps) and measured in ``docs/datasets/zeolites.md``.
    temperature_K
        Temperature.
    lowest_volume, highest_volume
        Range of the volumes, relative to the reference's own at 0 K.
    frames_per_trajectory
        Frames of one volume.
    """

    dynamics: Dynamics = _DYNAMICS
    temperature_K: float = 300.0  # noqa: N815 - K is the unit
    lowest_volume: float = 0.9
    highest_volume: float = 1.1
    frames_per_trajectory: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """One trajectory at one volume."""

    index: int
    n_frames: int
    seed: int
    recipe: Recipe
    code: str
    relaxed: Atoms
    volume_ratio: float
    potential_file: Path

    def frames(self) -> list[Atoms]:
        """Run and label the trajectory."""
        start = self.relaxed.copy()
        start.set_cell(start.cell.array * self.volume_ratio ** (1 / 3), scale_atoms=True)
        # Rounded as the frames are, so that the run has exactly the cell of its frames.
        start.set_cell(np.round(start.cell.array, 6), scale_atoms=True)
        positions = sample_nvt(
            start,
            _interactions(self.potential_file),
            self.recipe.dynamics,
            self.recipe.temperature_K,
            self.n_frames,
            np.random.default_rng([self.seed, self.index]),
        )
        # A calculator of its own for each trajectory, as each has a LAMMPS of its own.
        reference = calculator(str(self.potential_file))
        images = []
        for frame in positions:
            atoms = start.copy()
            atoms.positions = frame
            label(atoms, reference)
            atoms.info["config_type"] = self.code.lower()
            atoms.info["temperature_K"] = self.recipe.temperature_K
            atoms.info["volume_ratio"] = round(self.volume_ratio, 6)
            atoms.info["trajectory"] = self.index
            images.append(atoms)
        reference.clean()
        return images


def calculator(potential_file: str | None = None) -> Any:
    """ASE calculator of the reference: energy, forces and stress of any frame of Si and O.

    Parameters
    ----------
    potential_file
        File of the potential; None for the one that comes with LAMMPS.

    Raises
    ------
    ReferenceCalculatorError
        There is no such file, or LAMMPS is not installed; later, on a frame that holds another
        element or is not periodic.
    """
    path = find_lammps_file(
        FILE_NAME, SHA256, None if potential_file is None else Path(potential_file)
    )
    from ms25_suite.reference.calculators.lammps import LammpsCalculator

    return LammpsCalculator(_interactions(path).commands, ELEMENTS)


def relaxed_framework(code: str, reference: Any) -> Atoms:
    """Framework in the minimum of the reference, cell lengths included.

    Angles of the cell are those of the Atlas; of the primitive cell of FAU only the volume
    changes, which keeps it cubic.

    Parameters
    ----------
    code
        Code of the framework type.
    reference
        ASE calculator.

    Raises
    ------
    UsageError
        The framework is not in the table.
    RuntimeError
        The relaxation did not converge.
    """
    from ase.filters import FrechetCellFilter
    from ase.optimize import LBFGS

    atoms = framework_atoms(code)
    angles = atoms.cell.angles()
    rng = np.random.default_rng(0)
    atoms.positions += rng.normal(0.0, _START_RATTLE_A, atoms.positions.shape)
    atoms.calc = reference
    cubic = bool(np.allclose(angles, 60.0))
    filtered = FrechetCellFilter(
        atoms, mask=np.diag(np.ones(3)) if not cubic else None, hydrostatic_strain=cubic
    )
    converged = LBFGS(filtered, logfile=None).run(fmax=0.002, steps=5000)
    atoms.calc = None
    if not converged:
        msg = f"the relaxation of {code} did not converge in 5000 steps"
        raise RuntimeError(msg)
    lengths = np.round(atoms.cell.lengths(), _RELAXED_DECIMALS)
    fractional = atoms.get_scaled_positions(wrap=False)
    atoms.set_cell([*lengths, *angles])
    atoms.set_cell(atoms.cell.standard_form()[0])
    atoms.positions = np.round(fractional @ atoms.cell.array, _RELAXED_DECIMALS)
    return atoms


def build(
    code: str,
    out: Path,
    *,
    n_frames: int | None = None,
    seed: int = 25,
    potential_file: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
    recipe: Recipe | None = None,
) -> Path:
    """Sample and label the data of one framework; `build_frames` says what can be relied on.

    Parameters
    ----------
    code
        Code of the framework type.
    out
        File to write, extended XYZ; compressed if its name ends with ``.xz`` or ``.gz``.
    n_frames
        Number of frames; None for as many as are shipped, 10,000 is the paper's full protocol.
    seed
        Seed of volumes, velocities and random forces.
    potential_file
        File of the potential; None for the one that comes with LAMMPS.
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
        There is nothing to build with these numbers, or no such framework.
    ReferenceCalculatorError
        The potential or LAMMPS is missing, a run failed, or a worker process died.
    """
    refuse_numbers(n_frames=n_frames, workers=workers)
    recipe = Recipe() if recipe is None else recipe
    code = code.upper()
    if n_frames is None:
        n_frames = _SHIPPED_FRAMES.get(code, 120)
    potential = find_lammps_file(FILE_NAME, SHA256, potential_file)
    version = lammps_version()
    reference = calculator(str(potential))
    relaxed = relaxed_framework(code, reference)
    reference.clean()

    settings = {
        "recipe": asdict(recipe),
        "framework": code,
        "cell": relaxed.cell.array.tolist(),
        "positions": relaxed.positions.tolist(),
        "n_frames": n_frames,
        "seed": seed,
        "potential": SHA256,
        "lammps": version,
    }
    numbers = shares(n_frames, recipe.frames_per_trajectory)
    jobs = [
        _Job(
            index=index,
            n_frames=number,
            seed=seed,
            recipe=recipe,
            code=code,
            relaxed=relaxed,
            volume_ratio=float(ratio),
            potential_file=potential,
        )
        for index, (ratio, number) in enumerate(
            zip(_volume_ratios(len(numbers), recipe, seed), numbers, strict=True)
        )
    ]
    return build_frames(
        out, jobs, settings=settings, title=f"{code} frames", workers=workers, progress=progress
    )


build_cha = partial(build, "CHA")
build_lta = partial(build, "LTA")
build_fau = partial(build, "FAU")
build_mfi = partial(build, "MFI")
build_bea = partial(build, "BEA")


def _interactions(potential_file: Path) -> Interactions:
    commands = (
        "pair_style vashishta",
        f"pair_coeff * * {quoted(potential_file)} {' '.join(ELEMENTS)}",
    )
    return Interactions(ELEMENTS, commands)


def _volume_ratios(n_trajectories: int, recipe: Recipe, seed: int) -> FloatArray:
    """Evenly spaced over the range, in random order, so that any first part is even, too."""
    middles = (np.arange(n_trajectories) + 0.5) / n_trajectories
    ratios = recipe.lowest_volume + (recipe.highest_volume - recipe.lowest_volume) * middles
    return np.random.default_rng([seed]).permutation(ratios)
