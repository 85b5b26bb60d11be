"""The water data: GFN1-xTB by tblite, and the sampling of bulk water.

`calculator` labels any frame of H and O; `build_64` and `build_192` make the datasets. The recipe
is the paper's (Maxson et al., MS25, "Water Training Data"): Langevin dynamics at 300 K and a
distribution of volumes with an approximate potential, which is trained on a few labelled frames;
single points with the reference label what it sampled.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.cache import cache_dir, content_key
from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.core.frames import FloatArray
from ms25_suite.reference.approximate import ApproximatePotential, approximate_potential
from ms25_suite.reference.builder import build_frames, label, refuse_numbers, shares
from ms25_suite.reference.calculators.lammps_instance import lammps_version
from ms25_suite.reference.water.start import ClassicalDynamics, liquid, scale_bonds

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Recipe", "build", "build_64", "build_192", "calculator"]

ELEMENTS: Final = ("H", "O")

LEVEL_OF_THEORY: Final = "GFN1-xTB (tblite)"

MOLECULAR_VOLUME_A3: Final = 30.0
"""Volume in Å^3 of a molecule at 0.997 g/cm^3, the density of water at 298 K and 1 atm (30.01)."""

BOND_FACTOR: Final = 0.94
"""Takes the mean O-H bond of SPC/Fw, 1.031 Å, to that of the reference, 0.97 Å."""

LONGEST_BOND_A: Final = 1.4
"""No O-H bond of a frame may be longer: the approximate potential has then left what it knows."""

_SHIPPED_FRAMES: Final = {64: 200, 192: 70}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of the sampling.

    Parameters
    ----------
    smallest_volume, largest_volume
        Range of the volumes, in units of `MOLECULAR_VOLUME_A3` per molecule.
    classical
        How the starts are melted.
    n_seeds, seed_molecules
        Frames that the approximate potential is trained on, and molecules of each.
    shortest_seed_bond, longest_seed_bond
        Each O-H bond of those frames is scaled by a random factor in this range, so that the
        potential knows bonds that are shorter and longer than any it will meet.
    cutoff_A
        Cutoff of the approximate potential in Å, the paper's for water (table 1); the training
        recipe may take a shorter one.
    temperature_K, friction_per_fs, timestep_fs
        Langevin dynamics with the approximate potential, as in the paper.
    duration_fs
        How long that is run from a classical start.
    frames_per_job
        Frames of one job, each from a start of its own: a worker process loads MACE once for all.
    """

    smallest_volume: float = 0.9
    largest_volume: float = 1.1
    classical: ClassicalDynamics = field(default_factory=ClassicalDynamics)
    n_seeds: int = 40
    seed_molecules: int = 64
    shortest_seed_bond: float = 0.90
    longest_seed_bond: float = 1.02
    cutoff_A: float = 6.5  # noqa: N815 - Å is the unit
    temperature_K: float = 300.0  # noqa: N815 - K is the unit
    friction_per_fs: float = 0.05
    timestep_fs: float = 0.5
    duration_fs: float = 100.0
    frames_per_job: int = 6


@dataclass(frozen=True, slots=True)
class _SeedJob:
    """Frames to train the approximate potential on."""

    volumes: tuple[float, ...]
    first: int
    seed: int
    recipe: Recipe

    @property
    def n_frames(self) -> int:
        return len(self.volumes)

    def frames(self) -> list[Atoms]:
        """Melt, stretch and label the frames."""
        recipe = self.recipe
        reference = calculator()
        images = []
        for index, volume in enumerate(self.volumes, start=self.first):
            rng = np.random.default_rng([self.seed, 1, index])
            atoms = liquid(recipe.seed_molecules, volume, recipe.classical, rng)
            shape = (recipe.seed_molecules, 2)
            factors = rng.uniform(recipe.shortest_seed_bond, recipe.longest_seed_bond, shape)
            scale_bonds(atoms, factors)
            label(atoms, reference)
            images.append(atoms)
        return images


@dataclass(frozen=True, slots=True)
class _Job:
    """Frames of the dataset, each of a trajectory of its own."""

    n_molecules: int
    volumes: tuple[float, ...]
    first: int
    seed: int
    recipe: Recipe
    approximate: ApproximatePotential

    @property
    def n_frames(self) -> int:
        return len(self.volumes)

    def frames(self) -> list[Atoms]:
        """Melt, run and label the frames."""
        reference = calculator()
        images = []
        with self.approximate.calculator() as sampler:
            for index, volume in enumerate(self.volumes, start=self.first):
                rng = np.random.default_rng([self.seed, 2, index])
                atoms = liquid(self.n_molecules, volume, self.recipe.classical, rng)
                scale_bonds(atoms, np.full((self.n_molecules, 2), BOND_FACTOR))
                _run(atoms, sampler, self.recipe, rng)
                label(atoms, reference)
                atoms.info["config_type"] = f"water-{self.n_molecules}"
                atoms.info["volume_ratio"] = round(volume / MOLECULAR_VOLUME_A3, 6)
                atoms.info["trajectory"] = index
                images.append(atoms)
        return images


def calculator(potential_file: str | None = None) -> Any:
    """ASE calculator of the reference: energy, forces and stress of H and O.

    Parameters
    ----------
    potential_file
        Not used: the parameters are part of tblite.

    Raises
    ------
    ReferenceCalculatorError
        tblite is not installed; later, on a frame of another element or that is not periodic.
    """
    from ms25_suite.reference.calculators.xtb import XtbCalculator

    return XtbCalculator(ELEMENTS)


def build(
    n_molecules: int,
    out: Path,
    *,
    n_frames: int | None = None,
    seed: int = 25,
    potential_file: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
    recipe: Recipe | None = None,
) -> Path:
    """Sample and label the data of one cell; `build_frames` says what can be relied on.

    The frames that the approximate potential is trained on, and the potential itself, are kept in
    the suite's cache: the builds of both cells share them.

    Parameters
    ----------
    n_molecules
        Molecules in the cell: 64 or 192 in the paper.
    out
        File to write, extended XYZ; compressed if its name ends with ``.xz`` or ``.gz``.
    n_frames
        Number of frames; None for as many as are shipped, 10,000 is the paper's full protocol.
    seed
        Seed of everything.
    potential_file
        None: this reference has no file.
    workers
        Number of processes; None for one per core that this process may use.
    progress
        Whether to show progress on the standard error stream.
    recipe
        Settings of the sampling; None for those of the shipped data.

    Returns
    -------
    :
        ``out``.

    Raises
    ------
    UsageError
        There is nothing to build with these numbers, or a file of a potential is given.
    ReferenceCalculatorError
        tblite or LAMMPS is missing, a run failed, or a worker process died.
    ArchitectureNotInstalledError
        MACE is not installed.
    TrainingError
        The training of the approximate potential failed.
    """
    from ms25_suite.reference.calculators.xtb import tblite_version

    if potential_file is not None:
        msg = (
            f"the reference of the water data has no file, found --potential-file {potential_file}"
        )
        raise UsageError(msg)
    refuse_numbers(n_molecules=n_molecules, n_frames=n_frames, workers=workers)
    recipe = Recipe() if recipe is None else recipe
    if n_frames is None:
        n_frames = _SHIPPED_FRAMES.get(n_molecules, 50)
    versions = {"lammps": lammps_version(), "tblite": tblite_version()}
    approximate = _approximate(recipe, seed, versions, workers, progress)

    settings = {
        "recipe": asdict(recipe),
        "approximate": approximate.sha256,
        "bond_factor": BOND_FACTOR,
        "molecular_volume": MOLECULAR_VOLUME_A3,
        "n_molecules": n_molecules,
        "n_frames": n_frames,
        "seed": seed,
        **versions,
    }
    jobs = [
        _Job(n_molecules, volumes, first, seed, recipe, approximate)
        for first, volumes in _portions(n_frames, recipe, [seed, 2])
    ]
    title = f"Water frames ({n_molecules} molecules)"
    return build_frames(
        out, jobs, settings=settings, title=title, workers=workers, progress=progress
    )


build_64 = partial(build, 64)
build_192 = partial(build, 192)


def _approximate(
    recipe: Recipe, seed: int, versions: dict[str, Any], workers: int | None, progress: bool
) -> ApproximatePotential:
    """Label the seed frames, unless they are in the cache, and train on them."""
    from ase.io import read
    from filelock import FileLock

    from ms25_suite.training import RichProgress

    settings = {
        "recipe": asdict(recipe),
        "molecular_volume": MOLECULAR_VOLUME_A3,
        "seed": seed,
        **versions,
    }
    path = cache_dir("approximate") / f"water-{content_key(settings)[:16]}.extxyz"
    with FileLock(path.with_suffix(".lock")):
        if not path.is_file():
            jobs = [
                _SeedJob(volumes, first, seed, recipe)
                for first, volumes in _portions(recipe.n_seeds, recipe, [seed, 1])
            ]
            title = "Water frames to train on"
            build_frames(
                path, jobs, settings=settings, title=title, workers=workers, progress=progress
            )
    return approximate_potential(
        read(path, ":"),
        name="water",
        level_of_theory=LEVEL_OF_THEORY,
        cutoff=recipe.cutoff_A,
        seed=seed,
        progress=RichProgress(sys.stderr) if progress else None,
    )


def _run(atoms: Atoms, sampler: Any, recipe: Recipe, rng: np.random.Generator) -> None:
    """Langevin dynamics with the approximate potential, from random velocities.

    Raises
    ------
    ReferenceCalculatorError
        A molecule came apart.
    """
    from ase import units
    from ase.constraints import FixCom
    from ase.md.langevin import Langevin

    atoms.calc = sampler
    atoms.set_constraint(FixCom())  # the random forces would push the whole liquid
    widths = np.sqrt(atoms.get_masses() * units.kB * recipe.temperature_K)
    atoms.set_momenta(rng.standard_normal((len(atoms), 3)) * widths[:, None])
    dynamics = Langevin(
        atoms,
        timestep=recipe.timestep_fs * units.fs,
        temperature_K=recipe.temperature_K,
        friction=recipe.friction_per_fs / units.fs,
        rng=rng,
        fixcm=False,
    )
    dynamics.run(round(recipe.duration_fs / recipe.timestep_fs))
    atoms.calc = None
    atoms.set_constraint()
    del atoms.arrays["momenta"]
    molecules = atoms.positions.reshape(-1, 3, 3)
    longest = np.linalg.norm(molecules[:, 1:] - molecules[:, :1], axis=2).max()
    if not longest < LONGEST_BOND_A:
        msg = (
            f"a molecule came apart in a run with the approximate potential: expected O-H bonds "
            f"below {LONGEST_BOND_A} Å, found {longest:.2f} Å. Train it on more frames (n_seeds)"
        )
        raise ReferenceCalculatorError(msg)


def _portions(
    n_frames: int, recipe: Recipe, seed: Sequence[int]
) -> list[tuple[int, tuple[float, ...]]]:
    """First index and volumes per molecule in Å^3 of the frames of each job."""
    volumes = _volumes(n_frames, recipe, seed)
    portions, first = [], 0
    for number in shares(n_frames, recipe.frames_per_job):
        portions.append((first, tuple(float(v) for v in volumes[first : first + number])))
        first += number
    return portions


def _volumes(n_frames: int, recipe: Recipe, seed: Sequence[int]) -> FloatArray:
    """Evenly spaced over the range, in random order, so that any first part is even, too."""
    middles = (np.arange(n_frames) + 0.5) / n_frames
    span = recipe.largest_volume - recipe.smallest_volume
    values = MOLECULAR_VOLUME_A3 * (recipe.smallest_volume + span * middles)
    return np.random.default_rng(list(seed)).permutation(values)
