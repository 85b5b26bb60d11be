"""Relaxation, molecular dynamics and contour exploration from a random structure.

Contour exploration moves the atoms along a surface of constant potential energy, which leads it
over barriers that molecular dynamics of the same length would not cross. ASE's implementation is
used: M. J. Waters and J. M. Rondinelli, J. Phys.: Condens. Matter 33, 445901 (2021).

The calculators are any of ASE's; nothing here depends on Zr and O.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["ExplorationRecipe", "bare", "contour", "molecular_dynamics", "relax", "thermal_energy"]


@dataclass(frozen=True, slots=True)
class ExplorationRecipe:
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
        Standard deviation of the displacements before a contour exploration: at a minimum there
        is no force to climb to the contour along.
    drift
        Share of a contour step that is random (``parallel_drift``, ASE's default).
    longest_step_A
        Longest contour step, of all atoms together (``maxstep``, ASE's default).
    angle_limit
        Largest turn of a contour step in degrees (ASE's default).
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
    """The same structure without calculator, velocities or anything else."""
    from ase import Atoms

    return Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell.array, pbc=True)


def relax(atoms: Atoms, calculator: Any, steps: int, largest_force: float = 0.05) -> float:
    """Relax the positions in place, and give the energy in eV.

    Parameters
    ----------
    atoms
        Structure; keeps no calculator.
    calculator
        ASE calculator.
    steps
        Most steps of BFGS.
    largest_force
        Largest force on an atom in eV/Å at which to stop earlier.
    """
    from ase.optimize import BFGS

    atoms.calc = calculator
    BFGS(atoms, logfile=None, maxstep=0.2).run(fmax=largest_force, steps=steps)
    energy = float(atoms.get_potential_energy())
    atoms.calc = None
    return energy


def thermal_energy(n_atoms: int, temperature_K: float) -> float:  # noqa: N803 - K is the unit
    """Mean potential energy in eV above the minimum at a temperature, by equipartition.

    ``1.5 n k T``: that of harmonic vibrations, and the energy of a contour that is as high as the
    dynamics at that temperature.
    """
    from ase import units

    return 1.5 * n_atoms * float(units.kB) * temperature_K


def molecular_dynamics(
    atoms: Atoms,
    calculator: Any,
    recipe: ExplorationRecipe,
    temperature_K: float,  # noqa: N803 - K is the unit
    rng: np.random.Generator,
) -> Iterator[Atoms]:
    """Frames of a Langevin dynamics at constant volume, without end.

    Parameters
    ----------
    atoms
        Where to start; not changed.
    calculator
        ASE calculator.
    recipe
        Settings.
    temperature_K
        Temperature in K.
    rng
        Source of the velocities and of the thermostat.

    Yields
    ------
    :
        Bare structures.
    """
    from ase import units
    from ase.md.langevin import Langevin

    moving = bare(atoms)
    moving.calc = calculator
    spreads = np.sqrt(moving.get_masses() * units.kB * temperature_K)  # Maxwell and Boltzmann
    moving.set_momenta(rng.normal(size=(len(moving), 3)) * spreads[:, None])
    dynamics = Langevin(
        moving,
        timestep=recipe.timestep_fs * units.fs,
        temperature_K=temperature_K,
        friction=recipe.friction_per_ps / (1000.0 * units.fs),
        rng=rng,
        fixcm=False,  # deprecated, and not exact; a drift of the whole cell does no harm
        logfile=None,
    )
    dynamics.run(recipe.equilibration_steps)
    while True:
        yield bare(moving)
        dynamics.run(recipe.spacing_steps)


def contour(
    atoms: Atoms,
    calculator: Any,
    recipe: ExplorationRecipe,
    energy_eV: float,  # noqa: N803 - eV is the unit
    rng: np.random.Generator,
) -> Iterator[Atoms]:
    """Frames of a contour exploration, without end.

    Parameters
    ----------
    atoms
        Where to start, near a minimum; not changed.
    calculator
        ASE calculator.
    recipe
        Settings.
    energy_eV
        Potential energy of the contour in eV.
    rng
        Source of the first displacements, the first direction and the drift.

    Yields
    ------
    :
        Bare structures, near the energy of the contour by the calculator.
    """
    from ase.md.contour_exploration import ContourExploration

    moving = bare(atoms)
    moving.positions += rng.normal(0.0, recipe.rattle_A, (len(moving), 3))
    moving.calc = calculator
    # Only their direction matters; without any, ASE takes random ones from NumPy's own generator.
    moving.set_velocities(rng.normal(size=(len(moving), 3)))
    exploration = ContourExploration(
        moving,
        maxstep=recipe.longest_step_A,
        parallel_drift=recipe.drift,
        energy_target=energy_eV,
        angle_limit=recipe.angle_limit,
        remove_translation=True,
        rng=rng,
    )
    exploration.run(recipe.contour_equilibration_steps)
    while True:
        yield bare(moving)
        exploration.run(recipe.contour_spacing_steps)
