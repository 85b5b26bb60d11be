"""Molecular dynamics that samples the HEA data: compositions, temperatures, trajectories."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.frames import FloatArray, IntArray
from ms25_suite.reference.calculators.lammps_instance import open_lammps, quoted
from ms25_suite.reference.hea.potential_file import ELEMENTS

__all__ = ["Recipe", "Trajectory", "random_composition", "run_trajectory", "temperatures"]

BAR_PER_ATM: Final = 1.01325
"""Pressure in bar, LAMMPS' unit in metal units, of one standard atmosphere (exact)."""

LATTICE_CONSTANT_A: Final = 3.55
"""fcc lattice constant in Å of the random equimolar alloy at 0 K with this potential."""

EXPANSION_PER_K: Final = 1.6e-5
"""Linear expansion of the starting cell per K, only to begin near the equilibrium volume."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of the sampling: the paper's, except for the two damping times.

    The paper prints damping times of 100 ps (thermostat) and 200 ps (barostat). In runs of an
    affordable length those two do nothing: between 10 and 20 ps the mean temperature is 5 % too
    high, its spread is three quarters of the canonical one, and the mean pressure is off by up to
    1.4 GPa. The same numbers in femtoseconds give the temperature within 1.2 % in each run and
    0.4 % in the mean, its canonical spread, and 1 atm within 0.02 GPa; they also suit the time
    step, so that "ps" is most likely a misprint for "fs". They are what is used here. The
    measurement is in ``docs/datasets/hea.md``.

    Parameters
    ----------
    cells
        Conventional fcc cells along each axis; ``4 * cells**3`` atoms.
    timestep_ps
        Time step.
    thermostat_ps, barostat_ps
        Damping times of the Nose-Hoover chains.
    chain
        Length of both chains.
    pressure_atm
        Pressure.
    lowest_K, highest_K
        Range of the temperatures.
    least_fraction
        Smallest share of each element.
    equilibration_ps
        Run before the first frame.
    spacing_ps
        Time between two frames of a trajectory.
    frames_per_trajectory
        Frames of one composition at one temperature.
    """

    cells: int = 3
    timestep_ps: float = 0.0015
    thermostat_ps: float = 0.1
    barostat_ps: float = 0.2
    chain: int = 3
    pressure_atm: float = 1.0
    lowest_K: float = 600.0  # noqa: N815 - K is the unit
    highest_K: float = 1200.0  # noqa: N815
    least_fraction: float = 0.1
    equilibration_ps: float = 10.0
    spacing_ps: float = 5.0
    frames_per_trajectory: int = 3

    @property
    def n_atoms(self) -> int:
        """Number of atoms of a frame."""
        return 4 * self.cells**3

    def steps(self, duration_ps: float) -> int:
        """Number of time steps that last at least so long."""
        # 1e-9: a whole number of steps must not become one more by rounding.
        return math.ceil(duration_ps / self.timestep_ps - 1e-9)


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """Configurations of one composition at one temperature.

    Parameters
    ----------
    symbols
        Chemical symbol of each atom.
    positions
        Positions in Å relative to the corner of the cell, atoms not wrapped into it, shape
        ``(n_frames, n_atoms, 3)``.
    lengths
        Edges of the orthogonal cells in Å, shape ``(n_frames, 3)``.
    """

    symbols: tuple[str, ...]
    positions: FloatArray
    lengths: FloatArray


def random_composition(
    n_atoms: int, n_elements: int, least_fraction: float, rng: np.random.Generator
) -> IntArray:
    """Numbers of atoms of each element, uniform over all that give each its least share.

    The least numbers are rounded up; each way to share out the remaining atoms is equally
    probable (stars and bars: the gaps between ``n_elements - 1`` distinct dividers drawn among
    ``remaining + n_elements - 1`` places).

    Raises
    ------
    ValueError
        There are not enough atoms for the least shares.
    """
    least = math.ceil(least_fraction * n_atoms - 1e-9)
    remaining = n_atoms - n_elements * least
    if remaining < 0:
        msg = (
            f"{n_atoms} atoms cannot hold {n_elements} elements of at least "
            f"{least_fraction:.0%} ({least} atoms) each"
        )
        raise ValueError(msg)
    places = remaining + n_elements - 1
    dividers = np.sort(rng.choice(places, n_elements - 1, replace=False))
    gaps = np.diff(np.concatenate([[-1], dividers, [places]])) - 1
    return np.asarray(gaps + least, dtype=np.int64)


def temperatures(n_trajectories: int, recipe: Recipe, seed: int) -> FloatArray:
    """Temperature of each trajectory in K: evenly spaced over the range, in random order.

    The range is cut into as many equal parts as there are trajectories; each gets the middle of
    one of them. The random order makes any first part of the data even, too.
    """
    middles = (np.arange(n_trajectories) + 0.5) / n_trajectories
    values = recipe.lowest_K + (recipe.highest_K - recipe.lowest_K) * middles
    return np.asarray(np.random.default_rng([seed]).permutation(values), dtype=np.float64)


def run_trajectory(
    recipe: Recipe,
    potential_file: Path,
    temperature_K: float,  # noqa: N803 - K is the unit
    n_frames: int,
    rng: np.random.Generator,
) -> Trajectory:
    """Draw a composition, shuffle it over the fcc sites, run NPT, take the frames.

    The cell stays cubic (``iso``: 1 atm is a hydrostatic pressure). The velocities start at twice
    the temperature, since half of that kinetic energy goes into the potential energy of the
    perfect lattice at once.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS cannot be started, or the run failed.
    """
    counts = random_composition(recipe.n_atoms, len(ELEMENTS), recipe.least_fraction, rng)
    types = rng.permutation(np.repeat(np.arange(1, len(ELEMENTS) + 1), counts))
    velocity_seed = int(rng.integers(1, 900_000_000))

    lammps = open_lammps()
    try:
        _prepare(lammps, recipe, potential_file, types, temperature_K, velocity_seed)
        positions, lengths = [], []
        for number in range(n_frames):
            steps = recipe.steps(recipe.spacing_ps if number else recipe.equilibration_ps)
            lammps.command(f"run {steps}")
            frame, edges = _configuration(lammps)
            positions.append(frame)
            lengths.append(edges)
    except ReferenceCalculatorError:
        raise
    except Exception as error:  # the type is LAMMPS' own, known only once it is imported
        msg = f"LAMMPS failed in a run at {temperature_K:.1f} K of {counts} atoms: {error}"
        raise ReferenceCalculatorError(msg) from error
    finally:
        lammps.close()
    return Trajectory(
        symbols=tuple(ELEMENTS[kind - 1] for kind in types),
        positions=np.array(positions),
        lengths=np.array(lengths),
    )


def _prepare(
    lammps: Any,
    recipe: Recipe,
    potential_file: Path,
    types: IntArray,
    temperature_K: float,  # noqa: N803
    velocity_seed: int,
) -> None:
    lattice_constant = LATTICE_CONSTANT_A * (1.0 + EXPANSION_PER_K * temperature_K)
    edge = lattice_constant * recipe.cells
    basis = np.array([[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])
    corners = np.stack(np.meshgrid(*[np.arange(recipe.cells)] * 3, indexing="ij"), axis=-1)
    sites = (corners.reshape(-1, 1, 3) + basis).reshape(-1, 3) * lattice_constant
    for command in (
        "units metal",
        "atom_style atomic",
        "atom_modify map array",
        "boundary p p p",
        f"region cell block 0 {edge!r} 0 {edge!r} 0 {edge!r}",
        f"create_box {len(ELEMENTS)} cell",
    ):
        lammps.command(command)
    lammps.create_atoms(len(types), None, types.tolist(), sites.ravel().tolist())
    pressure = BAR_PER_ATM * recipe.pressure_atm
    temperature = float(temperature_K)
    thermostat = (
        f"temp {temperature!r} {temperature!r} {recipe.thermostat_ps!r} tchain {recipe.chain}"
    )
    barostat = f"iso {pressure!r} {pressure!r} {recipe.barostat_ps!r} pchain {recipe.chain}"
    for command in (
        "pair_style eam/alloy",
        f"pair_coeff * * {quoted(potential_file)} {' '.join(ELEMENTS)}",
        "neigh_modify every 1 delay 5 check yes",
        f"timestep {recipe.timestep_ps!r}",
        f"velocity all create {2 * temperature!r} {velocity_seed} mom yes rot no dist gaussian",
        f"fix npt all npt {thermostat} {barostat}",
        "thermo 0",
    ):
        lammps.command(command)


def _configuration(lammps: Any) -> tuple[FloatArray, FloatArray]:
    """Unwrapped positions relative to the corner of the cell, and its edges, in Å."""
    low, high, *_ = lammps.extract_box()
    edges = np.array(high) - np.array(low)
    wrapped = np.array(lammps.gather_atoms("x", 1, 3)).reshape(-1, 3)
    images = np.array(lammps.gather_atoms("image", 0, 3)).reshape(-1, 3)
    return wrapped + images * edges - np.array(low), edges
