"""Molecular dynamics at constant volume in LAMMPS, for sampling frames of any cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ms25_suite.core.frames import FloatArray
from ms25_suite.reference.calculators.lammps_session import lammps_session, unwrapped_positions
from ms25_suite.reference.spread import n_steps

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Dynamics", "Interactions", "sample_nvt"]


@dataclass(frozen=True, slots=True)
class Interactions:
    """A potential as commands of LAMMPS, in metal units.

    Parameters
    ----------
    elements
        Chemical symbols in the order of the atom types.
    commands
        Commands that define the interactions, run after the atoms were created.
    atom_style
        LAMMPS' atom style; ``charge`` where the atoms carry charges.
    """

    elements: tuple[str, ...]
    commands: tuple[str, ...]
    atom_style: Literal["atomic", "charge"] = "atomic"


@dataclass(frozen=True, slots=True)
class Dynamics:
    """Settings of a trajectory.

    Parameters
    ----------
    thermostat
        Langevin dynamics, or a Nose-Hoover chain of length 1.
    damping_ps
        Damping time of the thermostat; for Langevin dynamics the inverse of the friction.
    timestep_ps
        Time step.
    equilibration_ps
        Time before the first frame.
    spacing_ps
        Time between two frames.
    """

    thermostat: Literal["langevin", "nose-hoover"]
    damping_ps: float
    timestep_ps: float
    equilibration_ps: float
    spacing_ps: float


def sample_nvt(
    atoms: Atoms,
    interactions: Interactions,
    dynamics: Dynamics,
    temperature_K: float,  # noqa: N803 - K is the unit
    n_frames: int,
    rng: np.random.Generator,
    held: Sequence[int] = (),
) -> FloatArray:
    """Run at constant volume and temperature, and return the positions at regular intervals.

    Velocities start at twice the temperature: by equipartition half of that kinetic energy turns
    into potential energy of the relaxed structure within the first vibrations.

    Parameters
    ----------
    atoms
        Initial structure; periodic in all directions, with lower triangular cell vectors
        (``cell.standard_form``).
    interactions, dynamics
        Potential and settings.
    temperature_K
        Temperature in K.
    n_frames
        Number of frames.
    rng
        Source of the seeds of velocities and thermostat.
    held
        Indices of the atoms that do not move.

    Returns
    -------
    :
        Positions in Å, not wrapped into the cell, shape ``(n_frames, n_atoms, 3)``.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS cannot be started, or the run failed.
    """
    seeds = rng.integers(1, 900_000_000, 2).tolist()
    what = f"a run at {temperature_K:.1f} K of {atoms.get_chemical_formula()}"
    with lammps_session(what) as lammps:
        _prepare(lammps, atoms, interactions)
        _thermostat(lammps, len(atoms), dynamics, float(temperature_K), seeds, held)
        frames = []
        for number in range(n_frames):
            duration = dynamics.spacing_ps if number else dynamics.equilibration_ps
            lammps.command(f"run {n_steps(duration, dynamics.timestep_ps)}")
            # The box starts at the origin.
            frames.append(unwrapped_positions(lammps, atoms.cell.array))
    return np.array(frames)


def _prepare(lammps: Any, atoms: Atoms, interactions: Interactions) -> None:
    from ase.data import atomic_masses, atomic_numbers

    elements = interactions.elements
    cell = atoms.cell.array
    if np.abs(np.triu(cell, 1)).max() > 0.0:
        msg = f"expected lower triangular cell vectors (cell.standard_form), found {cell.tolist()}"
        raise ValueError(msg)
    # `repr` writes all digits of a float: the box of the run is exactly the cell of the frames.
    edges = " ".join(f"0 {float(length)!r}" for length in np.diag(cell))
    tilts = " ".join(repr(float(cell[i, j])) for i, j in ((1, 0), (2, 0), (2, 1)))
    for command in (
        "units metal",
        f"atom_style {interactions.atom_style}",
        "atom_modify map array",
        "boundary p p p",
        # By default LAMMPS refuses a cell that is tilted by more than half an edge.
        "box tilt large",
        f"region cell prism {edges} {tilts}",
        f"create_box {len(elements)} cell",
    ):
        lammps.command(command)
    types = [elements.index(symbol) + 1 for symbol in atoms.get_chemical_symbols()]
    created = lammps.create_atoms(len(atoms), None, types, atoms.positions.ravel().tolist())
    if created != len(atoms):
        msg = f"LAMMPS created {created} of {len(atoms)} atoms"
        raise RuntimeError(msg)
    # Masses before interactions: LAMMPS refuses to initialise a type without a mass.
    for number, symbol in enumerate(elements, start=1):
        lammps.command(f"mass {number} {float(atomic_masses[atomic_numbers[symbol]])!r}")
    for command in interactions.commands:
        lammps.command(command)


def _thermostat(
    lammps: Any,
    n_atoms: int,
    dynamics: Dynamics,
    temperature: float,
    seeds: Sequence[int],
    held: Sequence[int],
) -> None:
    # LAMMPS numbers atoms from 1.
    mobile = [str(index + 1) for index in range(n_atoms) if index not in set(held)]
    lammps.command(f"group mobile id {' '.join(mobile)}")
    lammps.command(f"timestep {dynamics.timestep_ps!r}")
    lammps.command("neigh_modify every 1 delay 5 check yes")
    lammps.command("thermo 0")
    # With held atoms the momentum is not conserved, so its initial value need not be removed.
    momentum = "no" if held else "yes"
    lammps.command(
        f"velocity mobile create {2 * temperature!r} {seeds[0]} mom {momentum} rot no dist gaussian"
    )
    target = f"{temperature!r} {temperature!r} {dynamics.damping_ps!r}"
    if dynamics.thermostat == "langevin":
        # `zero`: the random forces add up to zero, so that a free crystal does not drift.
        zero = "no" if held else "yes"
        lammps.command(f"fix bath mobile langevin {target} {seeds[1]} zero {zero}")
        # `fix langevin` only adds friction and random forces; `fix nve` integrates.
        lammps.command("fix motion mobile nve")
    else:
        lammps.command(f"fix motion mobile nvt temp {target} tchain 1")
        if held:  # their momentum is not conserved, so no degrees of freedom are subtracted
            lammps.command("compute_modify motion_temp extra/dof 0")
