"""The water data: GFN1-xTB by tblite, and the sampling of bulk water.

`calculator` labels any frame of H and O; `build_64` and `build_192` make the datasets. The sampling
is the paper's (Maxson et al., MS25, "Water Training Data"): an approximate potential is trained on
a few labelled frames and drives Langevin dynamics at 300 K over a range of volumes; single points
with the reference label the sampled frames.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.cache import cache_dir, content_key
from ms25_suite.reference.approximate import ApproximatePotential, approximate_potential
from ms25_suite.reference.builder import Builder, Run
from ms25_suite.reference.calculators.lammps_session import lammps_version
from ms25_suite.reference.jobs import Plan
from ms25_suite.reference.labels import label
from ms25_suite.reference.spread import refuse_numbers
from ms25_suite.reference.water.sampling import (
    MOLECULAR_VOLUME_A3,
    WaterSampling,
    langevin,
    portions,
)
from ms25_suite.reference.water.start import liquid, scale_bonds

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["SHIPPED_FRAMES", "build_64", "build_192", "calculator", "plan", "trained_potential"]

ELEMENTS: Final = ("H", "O")

LEVEL_OF_THEORY: Final = "GFN1-xTB (tblite)"

BOND_FACTOR: Final = 0.94
"""Scales the mean O-H bond of SPC/Fw, 1.031 Å, to that of the reference, 0.97 Å."""

SHIPPED_FRAMES: Final = {64: 200, 192: 70}
"""Number of shipped frames, by the number of molecules."""


@dataclass(frozen=True, slots=True)
class _SeedJob:
    """Frames to train the approximate potential on."""

    volumes: tuple[float, ...]
    first: int
    seed: int
    sampling: WaterSampling

    @property
    def n_frames(self) -> int:
        return len(self.volumes)

    def frames(self) -> list[Atoms]:
        sampling = self.sampling
        reference = calculator()
        images = []
        for index, volume in enumerate(self.volumes, start=self.first):
            # Streams 1 and 2: training frames and frames of the dataset never share a start.
            rng = np.random.default_rng([self.seed, 1, index])
            # Classical configurations are liquid-like, but their bonds are those of SPC/Fw.
            atoms = liquid(sampling.seed_molecules, volume, sampling.classical, rng)
            shape = (sampling.seed_molecules, 2)
            factors = rng.uniform(sampling.shortest_seed_bond, sampling.longest_seed_bond, shape)
            scale_bonds(atoms, factors)
            label(atoms, reference)
            images.append(atoms)
        return images


@dataclass(frozen=True, slots=True)
class _Job:
    """Frames of the dataset, each from a trajectory of its own."""

    n_molecules: int
    volumes: tuple[float, ...]
    first: int
    seed: int
    sampling: WaterSampling
    approximate: ApproximatePotential

    @property
    def n_frames(self) -> int:
        return len(self.volumes)

    def frames(self) -> list[Atoms]:
        reference = calculator()
        images = []
        with self.approximate.calculator() as potential:
            for index, volume in enumerate(self.volumes, start=self.first):
                rng = np.random.default_rng([self.seed, 2, index])
                atoms = liquid(self.n_molecules, volume, self.sampling.classical, rng)
                scale_bonds(atoms, np.full((self.n_molecules, 2), BOND_FACTOR))
                langevin(atoms, potential, self.sampling, rng)
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
        tblite is not installed; later, for a frame that contains another element or is not
        periodic.
    """
    from ms25_suite.reference.calculators.xtb import XtbCalculator

    return XtbCalculator(ELEMENTS)


def plan(
    n_molecules: int,
    run: Run,
    *,
    n_frames: int | None = None,
    seed: int = 25,
    sampling: WaterSampling | None = None,
) -> Plan:
    """Plan the frames of one cell; the options are those of `Builder`.

    Parameters
    ----------
    n_molecules
        Molecules in the cell: 64 or 192 in the paper.
    run
        The call of the builder.
    n_frames, seed, sampling
        Options.

    Raises
    ------
    UsageError
        ``n_molecules`` is below 1.
    ReferenceCalculatorError
        tblite or LAMMPS is missing, or a run failed.
    ArchitectureNotInstalledError
        MACE is not installed.
    TrainingError
        The training of the approximate potential failed.
    """
    from ms25_suite.reference.calculators.xtb import tblite_version

    refuse_numbers(n_molecules=n_molecules)
    sampling = WaterSampling() if sampling is None else sampling
    if n_frames is None:
        n_frames = SHIPPED_FRAMES.get(n_molecules, 50)
    versions = {"lammps": lammps_version(), "tblite": tblite_version()}
    approximate = trained_potential(run, sampling, seed, versions)
    return Plan(
        f"Water frames ({n_molecules} molecules)",
        [
            _Job(n_molecules, volumes, first, seed, sampling, approximate)
            for first, volumes in portions(n_frames, sampling, np.random.default_rng([seed, 2]))
        ],
        settings={
            "recipe": asdict(sampling),
            "approximate": approximate.sha256,
            "bond_factor": BOND_FACTOR,
            "molecular_volume": MOLECULAR_VOLUME_A3,
            "n_molecules": n_molecules,
            "n_frames": n_frames,
            "seed": seed,
            **versions,
        },
    )


build_64 = Builder(partial(plan, 64))
build_192 = Builder(partial(plan, 192))


def trained_potential(
    run: Run, sampling: WaterSampling, seed: int, versions: Mapping[str, Any]
) -> ApproximatePotential:
    """Train the approximate potential on labelled classical starts.

    Its training frames, and the potential itself, are kept in the suite's cache: the builds of
    both cells share them.

    Parameters
    ----------
    run
        The call of the builder.
    sampling
        Settings.
    seed
        Seed of everything random.
    versions
        Versions of the programs that the labels depend on.
    """
    from ase.io import read
    from filelock import FileLock

    from ms25_suite.training import RichProgress

    settings = {
        "recipe": asdict(sampling),
        "molecular_volume": MOLECULAR_VOLUME_A3,
        "seed": seed,
        **versions,
    }
    path = cache_dir("approximate") / f"water-{content_key(settings)[:16]}.extxyz"
    # Builds of both cells may run at once; one makes the frames, the other waits.
    with FileLock(path.with_suffix(".lock")):
        run.stage(path, lambda: _seed_plan(sampling, seed, settings))
    return approximate_potential(
        read(path, ":"),
        name="water",
        level_of_theory=LEVEL_OF_THEORY,
        cutoff=sampling.cutoff_A,
        seed=seed,
        progress=RichProgress(sys.stderr) if run.progress else None,
    )


def _seed_plan(sampling: WaterSampling, seed: int, settings: Mapping[str, Any]) -> Plan:
    """Frames that the approximate potential is trained on."""
    rng = np.random.default_rng([seed, 1])
    jobs = [
        _SeedJob(volumes, first, seed, sampling)
        for first, volumes in portions(sampling.n_seeds, sampling, rng)
    ]
    return Plan("Water frames to train on", jobs, settings)
