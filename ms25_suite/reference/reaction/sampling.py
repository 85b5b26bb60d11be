"""Molecular dynamics that samples the Reaction data: one C-H distance is held, as in Blue Moon.

The distance between C and the hydrogen that leaves is a holonomic constraint (RATTLE, as in the
paper), different in each trajectory, so that the frames cover the reaction coordinate evenly,
whatever the barrier. The method: E. A. Carter, G. Ciccotti, J. T. Hynes and R. Kapral, Chem.
Phys. Lett. 156, 472 (1989).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.core.frames import FloatArray
from ms25_suite.reference.reaction.path import CARBON, HYDROGENS, LEAVING, frozen

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Recipe", "conditions", "run_trajectory", "start"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of the sampling.

    Temperatures, ensemble, time step, slab, fixed layers and the constraint are the paper's. It
    thermostats by Nose-Hoover (chain length 1, 20 fs), which is not ergodic for one molecule held
    at one distance; a Langevin thermostat samples the same ensemble.

    Two soft walls act during the dynamics only, never on the labels. This reference breaks a C-H
    bond at a barrier of 0.17 eV (the paper's: 0.74 eV), so that at 1000 K the other three bonds
    may break, too, within a picosecond (10^13 / s times exp(-0.17 eV / kT)), and CH4, bound by
    0.24 eV, may leave the surface. A bond longer than ``wall_bond_A`` is drawn back by
    ``wall_eV_A2``, and so is C higher than ``wall_height_A`` above the top layer.

    Parameters
    ----------
    timestep_fs
        Time step.
    friction_per_ps
        Friction of the Langevin thermostat.
    lowest_K, highest_K
        Range of the temperatures.
    shortest_A, longest_A
        Range of the distance that is held.
    equilibration_fs
        Run before the first frame.
    spacing_fs
        Time between two frames of a trajectory; the paper's is at least 10 fs.
    frames_per_trajectory
        Frames at one distance and temperature.
    wall_bond_A, wall_height_A, wall_eV_A2
        Where the walls begin, and their force constant.
    """

    timestep_fs: float = 0.5
    friction_per_ps: float = 50.0
    lowest_K: float = 300.0  # noqa: N815 - K is the unit
    highest_K: float = 1000.0  # noqa: N815
    shortest_A: float = 1.05  # noqa: N815
    longest_A: float = 3.0  # noqa: N815
    equilibration_fs: float = 100.0
    spacing_fs: float = 40.0
    frames_per_trajectory: int = 4
    wall_bond_A: float = 1.4  # noqa: N815
    wall_height_A: float = 4.0  # noqa: N815
    wall_eV_A2: float = 10.0  # noqa: N815

    def steps(self, duration_fs: float) -> int:
        """Number of time steps that last at least so long."""
        # 1e-9: a whole number of steps must not become one more by rounding.
        return math.ceil(duration_fs / self.timestep_fs - 1e-9)


def conditions(n_trajectories: int, recipe: Recipe, seed: int) -> tuple[FloatArray, FloatArray]:
    """Distance in Å and temperature in K of each trajectory.

    Both ranges are cut into as many equal parts as there are trajectories; each gets the middle
    of one of each. The two random orders are independent, so that any first part of the data is
    even, too.
    """
    rng = np.random.default_rng([seed])
    middles = (np.arange(n_trajectories) + 0.5) / n_trajectories
    distances = recipe.shortest_A + (recipe.longest_A - recipe.shortest_A) * middles
    temperatures = recipe.lowest_K + (recipe.highest_K - recipe.lowest_K) * middles
    return rng.permutation(distances), rng.permutation(temperatures)


def start(path: Sequence[Atoms], distance: float) -> Atoms:
    """Configuration of the path at a C-H distance, between two images or beyond the last.

    The images on both sides are interpolated; then the leaving hydrogen is moved along the bond
    to the exact distance.

    Parameters
    ----------
    path
        Images of the reference path, from CH4 on; atoms in its order.
    distance
        Distance between C and the leaving hydrogen in Å.
    """
    from ase.geometry import find_mic

    lengths = [image.get_distance(CARBON, LEAVING, mic=True) for image in path]
    after = next((i for i, length in enumerate(lengths) if length >= distance), None)
    if after is None or after == 0:
        atoms = path[-1 if after is None else 0].copy()
    else:
        atoms = path[after - 1].copy()
        share = (distance - lengths[after - 1]) / (lengths[after] - lengths[after - 1])
        step, _ = find_mic(path[after].positions - atoms.positions, atoms.cell, atoms.pbc)
        atoms.positions += share * step
    atoms.set_distance(CARBON, LEAVING, distance, fix=0, mic=True)
    return atoms


def run_trajectory(
    recipe: Recipe,
    atoms: Atoms,
    reference: Any,
    temperature_K: float,  # noqa: N803 - K is the unit
    n_frames: int,
    rng: np.random.Generator,
) -> list[Atoms]:
    """Run NVT with the distance held that ``atoms`` has, and take the frames.

    Parameters
    ----------
    recipe
        Settings.
    atoms
        Where to start; it is moved.
    reference
        ASE calculator.
    temperature_K
        Temperature in K.
    n_frames
        Number of frames to take.
    rng
        Source of the velocities and of the thermostat.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS failed.
    """
    from ase import Atoms, units
    from ase.constraints import FixBondLength, Hookean
    from ase.md.langevin import Langevin
    from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

    fixed = frozen(atoms)
    height = float(atoms.positions[:CARBON, 2].max()) + recipe.wall_height_A
    bonds = [
        Hookean(CARBON, hydrogen, k=recipe.wall_eV_A2, rt=recipe.wall_bond_A)
        for hydrogen in HYDROGENS
        if hydrogen != LEAVING
    ]
    # The plane z = height: A x + B y + C z + D = 0, and C must stay below it.
    ceiling = Hookean(CARBON, (0.0, 0.0, 1.0, -height), k=recipe.wall_eV_A2)
    atoms.set_constraint([fixed, FixBondLength(CARBON, LEAVING), *bonds, ceiling])
    atoms.calc = reference
    MaxwellBoltzmannDistribution(atoms, temperature_K=temperature_K, rng=rng)
    dynamics = Langevin(
        atoms,
        recipe.timestep_fs * units.fs,
        temperature_K=temperature_K,
        friction=recipe.friction_per_ps * 1e-3 / units.fs,
        fixcm=False,
        rng=rng,
    )
    images = []
    for number in range(n_frames):
        dynamics.run(recipe.steps(recipe.spacing_fs if number else recipe.equilibration_fs))
        images.append(
            Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell.array, pbc=True)
        )
    return images
