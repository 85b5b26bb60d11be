"""Relaxation, molecular dynamics and contour exploration from a random structure.

Contour exploration moves the atoms along a surface of constant potential energy, and so crosses
barriers that molecular dynamics of the same length would not cross. The implementation is ASE's:
M. J. Waters and J. M. Rondinelli, J. Phys.: Condens. Matter 33, 445901 (2021).

All functions take any ASE calculator; nothing depends on Zr and O.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "ExplorationSettings",
    "bare",
    "contour",
    "molecular_dynamics",
    "relax",
    "thermal_energy",
]


@dataclass(frozen=True, slots=True)
class ExplorationSettings:
    """Settings of molecular dynamics and contour exploration.

    Parameters
    ----------
    timestep_fs
        Time step of the dynamics; the fastest vibration, that of O2, takes 21 fs.
    friction_per_ps
        Friction of the Langevin thermostat.
    equilibration_steps, spacing_steps
        Steps of the dynamics before the first frame, and between two frames.
    rattle_A
        Standard deviation of the displacements before a contour exploration. At a minimum there
        is no force that would lead up to the contour.
    drift
        Random fraction of a contour step (``parallel_drift``, ASE's default).
    longest_step_A
        Longest contour step, as the norm over all atoms (``maxstep``, ASE's default).
    angle_limit
        Largest change of direction in a contour step in degrees (ASE's default).
    contour_equilibration_steps, contour_spacing_steps
        Contour steps before the first frame, and between two frames.
    """

    timestep_fs: float = 2.0
    friction_per_ps: float = 20.0
    equilibration_steps: int = 120
    spacing_steps: int = 50
    rattle_A: float = 0.1  # noqa: N815 - Å is the unit
    drift: float = 0.1
    longest_step_A: float = 0.5  # noqa: N815
    angle_limit: float = 20.0
    contour_equilibration_steps: int = 40
    contour_spacing_steps: int = 20


def bare(atoms: Atoms) -> Atoms:
    """Copy a structure without calculator, velocities, constraints and ``info``."""
    from ase import Atoms

    return Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell.array, pbc=True)


def relax(atoms: Atoms, calculator: Any, steps: int, largest_force: float = 0.05) -> float:
    """Relax the positions in place, and return the energy in eV.

    Parameters
    ----------
    atoms
        Structure; it has no calculator afterwards.
    calculator
        ASE calculator.
    steps
        Largest number of steps of BFGS.
    largest_force
        The relaxation ends earlier where all forces are below this value in eV/Å.
    """
    from ase.optimize import BFGS

    atoms.calc = calculator
    # Need not converge: partly relaxed structures are wanted too.
    BFGS(atoms, logfile=None, maxstep=0.2).run(fmax=largest_force, steps=steps)
    energy = float(atoms.get_potential_energy())
    atoms.calc = None
    return energy


def thermal_energy(n_atoms: int, temperature_K: float) -> float:  # noqa: N803 - K is the unit
    """Mean potential energy in eV above the minimum at a temperature, by equipartition.

    ``1.5 n k T``, the value for harmonic vibrations. A contour at this energy lies as high as
    molecular dynamics at that temperature.
    """
    from ase import units

    # k T / 2 for each of the 3 n harmonic degrees of freedom.
    return 1.5 * n_atoms * float(units.kB) * temperature_K


def molecular_dynamics(
    atoms: Atoms,
    calculator: Any,
    settings: ExplorationSettings,
    temperature_K: float,  # noqa: N803 - K is the unit
    rng: np.random.Generator,
) -> Iterator[Atoms]:
    """Run Langevin dynamics at constant volume, without end.

    Parameters
    ----------
    atoms
        Initial structure; not changed.
    calculator
        ASE calculator.
    settings
        Settings.
    temperature_K
        Temperature in K.
    rng
        Source of the velocities and of the random forces.

    Yields
    ------
    :
        Frames without calculator.
    """
    from ase import units
    from ase.md.langevin import Langevin

    moving = bare(atoms)
    moving.calc = calculator
    spreads = np.sqrt(moving.get_masses() * units.kB * temperature_K)  # Maxwell-Boltzmann
    moving.set_momenta(rng.normal(size=(len(moving), 3)) * spreads[:, None])
    dynamics = Langevin(
        moving,
        timestep=settings.timestep_fs * units.fs,
        temperature_K=temperature_K,
        friction=settings.friction_per_ps / (1000.0 * units.fs),
        rng=rng,
        fixcm=False,  # a drift of the whole cell does not matter here
        logfile=None,
    )
    # The relaxed structure has no thermal potential energy yet.
    dynamics.run(settings.equilibration_steps)
    while True:
        yield bare(moving)
        dynamics.run(settings.spacing_steps)


def contour(
    atoms: Atoms,
    calculator: Any,
    settings: ExplorationSettings,
    energy_eV: float,  # noqa: N803 - eV is the unit
    rng: np.random.Generator,
) -> Iterator[Atoms]:
    """Run a contour exploration, without end.

    Parameters
    ----------
    atoms
        Initial structure near a minimum; not changed.
    calculator
        ASE calculator.
    settings
        Settings.
    energy_eV
        Potential energy of the contour in eV.
    rng
        Source of the first displacements, the first direction and the drift.

    Yields
    ------
    :
        Frames without calculator, whose energies are near that of the contour.
    """
    from ase.md.contour_exploration import ContourExploration

    moving = bare(atoms)
    moving.positions += rng.normal(0.0, settings.rattle_A, (len(moving), 3))
    moving.calc = calculator
    # Only their direction matters. Without velocities ASE would draw it from another generator.
    moving.set_velocities(rng.normal(size=(len(moving), 3)))
    exploration = ContourExploration(
        moving,
        maxstep=settings.longest_step_A,
        parallel_drift=settings.drift,
        energy_target=energy_eV,
        angle_limit=settings.angle_limit,
        # A rigid shift of the cell is a contour without any new structure.
        remove_translation=True,
        rng=rng,
    )
    exploration.run(settings.contour_equilibration_steps)
    while True:
        yield bare(moving)
        exploration.run(settings.contour_spacing_steps)
