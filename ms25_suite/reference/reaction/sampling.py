"""Molecular dynamics that samples the Reaction data, with one C-H distance constrained.

The distance between C and the hydrogen that leaves is a holonomic constraint (RATTLE, as in the
paper) with another value in each trajectory. The frames therefore cover the reaction coordinate
evenly, however high the barrier is. This is the Blue Moon method: E. A. Carter, G. Ciccotti,
J. T. Hynes and R. Kapral, Chem. Phys. Lett. 156, 472 (1989).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.core.frames import FloatArray
from ms25_suite.reference.reaction.surface import CARBON, HYDROGENS, LEAVING, frozen
from ms25_suite.reference.spread import even_values, n_steps

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["ReactionSampling", "conditions", "run_trajectory", "start"]


@dataclass(frozen=True, slots=True)
class ReactionSampling:
    """Settings of the sampling.

    Temperatures, ensemble, time step, slab, fixed layers and the constraint are the paper's. The
    paper uses a Nose-Hoover thermostat (chain length 1, 20 fs), which is not ergodic for one
    molecule with one constrained distance; the Langevin thermostat used here samples the same
    ensemble.

    Two soft walls act during the dynamics only, never on the labels. The reference has a barrier
    of only 0.17 eV for breaking a C-H bond (0.74 eV in the paper). At 1000 K the other three bonds
    would therefore break within about a picosecond (10^13 / s times exp(-0.17 eV / kT)), and CH4,
    bound by 0.24 eV, could leave the surface. Harmonic walls of ``wall_eV_A2`` pull back bonds
    longer than ``wall_bond_A``, and C higher than ``wall_height_A`` above the top layer.

    Parameters
    ----------
    timestep_fs
        Time step.
    friction_per_ps
        Friction of the Langevin thermostat.
    lowest_K, highest_K
        Range of the temperatures.
    shortest_A, longest_A
        Range of the constrained distance.
    equilibration_fs
        Time before the first frame.
    spacing_fs
        Time between two frames of a trajectory; at least 10 fs in the paper.
    frames_per_trajectory
        Frames at one distance and temperature.
    wall_bond_A, wall_height_A, wall_eV_A2
        Where the walls start, and their force constant.
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


def conditions(
    n_trajectories: int, sampling: ReactionSampling, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Draw the distance in Å and the temperature in K of each trajectory.

    Both are spread evenly, in independent random orders.

    Returns
    -------
    :
        Distances and temperatures, each of shape ``(n_trajectories,)``.
    """
    rng = np.random.default_rng([seed])
    distances = even_values(sampling.shortest_A, sampling.longest_A, n_trajectories, rng)
    temperatures = even_values(sampling.lowest_K, sampling.highest_K, n_trajectories, rng)
    return distances, temperatures


def start(path: Sequence[Atoms], distance: float) -> Atoms:
    """Structure of the path at a C-H distance, between two images or beyond the last one.

    It is interpolated between the images on both sides; then the leaving hydrogen is moved along
    the bond to the exact distance.

    Parameters
    ----------
    path
        Images of the reference path, starting with CH4.
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
    # `fix=0` keeps the carbon in place: only the hydrogen moves.
    atoms.set_distance(CARBON, LEAVING, distance, fix=0, mic=True)
    return atoms


def run_trajectory(
    sampling: ReactionSampling,
    atoms: Atoms,
    reference: Any,
    temperature_K: float,  # noqa: N803 - K is the unit
    n_frames: int,
    rng: np.random.Generator,
) -> list[Atoms]:
    """Run NVT with the C-H distance of ``atoms`` constrained, and return the frames.

    Parameters
    ----------
    sampling
        Settings.
    atoms
        Initial structure; its atoms are moved.
    reference
        ASE calculator.
    temperature_K
        Temperature in K.
    n_frames
        Number of frames.
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

    fixed = frozen(atoms)
    # The first 64 atoms are Pt.
    height = float(atoms.positions[:CARBON, 2].max()) + sampling.wall_height_A
    bonds = [
        Hookean(CARBON, hydrogen, k=sampling.wall_eV_A2, rt=sampling.wall_bond_A)
        for hydrogen in HYDROGENS
        if hydrogen != LEAVING
    ]
    # C stays below the plane z = height, as A x + B y + C z + D = 0.
    ceiling = Hookean(CARBON, (0.0, 0.0, 1.0, -height), k=sampling.wall_eV_A2)
    # The walls are ASE constraints: they change the forces of the dynamics, not those of a label,
    # which is computed on a copy without constraints.
    atoms.set_constraint([fixed, FixBondLength(CARBON, LEAVING), *bonds, ceiling])
    atoms.calc = reference
    # Maxwell-Boltzmann; the constraints remove momenta along the held distance.
    widths = np.sqrt(atoms.get_masses() * (units.kB * temperature_K))
    atoms.set_momenta(rng.standard_normal((len(atoms), 3)) * widths[:, None])
    dynamics = Langevin(
        atoms,
        sampling.timestep_fs * units.fs,
        temperature_K=temperature_K,
        friction=sampling.friction_per_ps * 1e-3 / units.fs,
        # With two fixed layers the momentum of the rest is not conserved.
        fixcm=False,
        rng=rng,
    )
    images = []
    for number in range(n_frames):
        duration = sampling.spacing_fs if number else sampling.equilibration_fs
        dynamics.run(n_steps(duration, sampling.timestep_fs))
        images.append(
            Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell.array, pbc=True)
        )
    return images
