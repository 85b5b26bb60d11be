"""Sampling of bulk water: classical starts, then dynamics with an approximate potential."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.spread import even_values, shares
from ms25_suite.reference.water.start import ClassicalDynamics

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["MOLECULAR_VOLUME_A3", "WaterSampling", "langevin", "portions"]

MOLECULAR_VOLUME_A3: Final = 30.0
"""Volume in Å^3 per molecule at 0.997 g/cm^3, the density of water at 298 K and 1 atm (30.01)."""

LONGEST_BOND_A: Final = 1.4
"""Longest O-H bond of a frame; beyond it the approximate potential has left its training data."""


@dataclass(frozen=True, slots=True)
class WaterSampling:
    """Settings of the sampling.

    Parameters
    ----------
    smallest_volume, largest_volume
        Range of the volumes, in units of `MOLECULAR_VOLUME_A3` per molecule.
    classical
        Settings of the classical starts.
    n_seeds, seed_molecules
        Number of frames that the approximate potential is trained on, and molecules in each.
    shortest_seed_bond, longest_seed_bond
        Each O-H bond of these frames is scaled by a random factor in this range, so that the
        training data contain shorter and longer bonds than the dynamics will produce.
    cutoff_A
        Cutoff of the approximate potential in Å, the paper's for water (table 1); the training
        recipe may use a shorter one.
    temperature_K, friction_per_fs, timestep_fs
        Langevin dynamics with the approximate potential, as in the paper.
    duration_fs
        Duration of these dynamics, which begin from a classical start.
    frames_per_job
        Frames of one job, each with a start of its own. A job loads MACE once for all of them.
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


def portions(
    n_frames: int, sampling: WaterSampling, rng: np.random.Generator
) -> list[tuple[int, tuple[float, ...]]]:
    """Distribute frames over jobs, and draw their volumes.

    Returns
    -------
    :
        For each job the index of its first frame, and the volumes per molecule of its frames in
        Å^3.
    """
    low, high = sampling.smallest_volume, sampling.largest_volume
    # A range of volumes, so that the stress labels cover tension and compression.
    volumes = MOLECULAR_VOLUME_A3 * even_values(low, high, n_frames, rng)
    found, first = [], 0
    for number in shares(n_frames, sampling.frames_per_job):
        found.append((first, tuple(float(v) for v in volumes[first : first + number])))
        first += number
    return found


def langevin(
    atoms: Atoms, potential: Any, sampling: WaterSampling, rng: np.random.Generator
) -> None:
    """Run Langevin dynamics with a potential, from random velocities.

    Parameters
    ----------
    atoms
        Molecules O, H, H, O, H, H, …; moved in place, without velocities and calculator at the end.
    potential
        ASE calculator.
    sampling
        Settings.
    rng
        Source of velocities and random forces.

    Raises
    ------
    ReferenceCalculatorError
        A molecule dissociated.
    """
    from ase import units
    from ase.constraints import FixCom
    from ase.md.langevin import Langevin

    atoms.calc = potential
    atoms.set_constraint(FixCom())  # otherwise random forces would move the whole liquid
    # Maxwell-Boltzmann: each component of a momentum is normal with the variance m k T.
    widths = np.sqrt(atoms.get_masses() * units.kB * sampling.temperature_K)
    atoms.set_momenta(rng.standard_normal((len(atoms), 3)) * widths[:, None])
    dynamics = Langevin(
        atoms,
        timestep=sampling.timestep_fs * units.fs,
        temperature_K=sampling.temperature_K,
        friction=sampling.friction_per_fs / units.fs,
        rng=rng,
        fixcm=False,
    )
    dynamics.run(round(sampling.duration_fs / sampling.timestep_fs))
    # The frame is labelled by the reference; results of the approximate potential must not
    # remain.
    atoms.calc = None
    atoms.set_constraint()
    del atoms.arrays["momenta"]
    molecules = atoms.positions.reshape(-1, 3, 3)
    # Molecules stay whole (positions are not wrapped), so no minimum image is needed.
    longest = np.linalg.norm(molecules[:, 1:] - molecules[:, :1], axis=2).max()
    if not longest < LONGEST_BOND_A:
        msg = (
            "a molecule dissociated in a run with the approximate potential: expected O-H bonds "
            f"below {LONGEST_BOND_A} Å, found {longest:.2f} Å. Train it on more frames (n_seeds)"
        )
        raise ReferenceCalculatorError(msg)
