"""LAMMPS commands for the atoms of a frame and for the ensembles."""

from __future__ import annotations

from typing import Any, Final

from ms25_suite.core.errors import LammpsError, UsageError
from ms25_suite.core.units import FS_PER_PS
from ms25_suite.lammps.box import Box
from ms25_suite.lammps.plan import MdPlan

__all__ = [
    "VIRIAL",
    "check_fit",
    "ensemble_commands",
    "minimise_command",
    "neighbour_commands",
    "place_atoms",
    "space_commands",
]

VIRIAL: Final = "ms25_virial"
"""Identifier of the LAMMPS compute for the pressure without its kinetic part."""

_DAMPING_STEPS: Final = (100, 1000)
"""Default damping times of thermostat and barostat in time steps, see `MdPlan`."""


def check_fit(plan: MdPlan, box: Box) -> None:
    """Check that LAMMPS can run a plan with a frame.

    Raises
    ------
    UsageError
        ``npt`` with a frame that is not periodic in all directions, or a temperature for a
        single atom.
    """
    if plan.ensemble == "npt" and not box.pbc.all():
        msg = (
            "the ensemble 'npt' needs a frame that is periodic in all three directions, found pbc "
            f"{box.pbc.tolist()}: choose 'nvt'"
        )
        raise UsageError(msg)
    # LAMMPS divides by 3 N - 3 degrees of freedom.
    if plan.temperature_K is not None and plan.ensemble != "minimize" and len(box.numbers) < 2:
        msg = (
            "a temperature needs two atoms or more, since the centre of mass is at rest, found a "
            "frame of one atom: repeat the cell"
        )
        raise UsageError(msg)


def place_atoms(lammps: Any, box: Box, plan: MdPlan, *, newton: bool = True) -> None:
    """Create box, atoms and masses in a LAMMPS instance, in metal units.

    Parameters
    ----------
    lammps
        New LAMMPS instance.
    box
        The frame; atom identifiers follow its order, counted from 1.
    plan
        Gives the settings of the neighbour lists.
    newton
        Setting of LAMMPS' command ``newton``.

    Raises
    ------
    LammpsError
        LAMMPS did not create all atoms.
    """
    from ase.data import atomic_masses

    # LAMMPS' prism: extents along x, y and z, then the tilts xy, xz and yz.
    low, high = box.origin, box.origin + box.matrix.diagonal()
    edges = " ".join(f"{float(a)!r} {float(b)!r}" for a, b in zip(low, high, strict=True))
    tilts = " ".join(repr(float(box.matrix[i, j])) for i, j in ((1, 0), (2, 0), (2, 1)))
    for command in (
        *space_commands(box, newton=newton),
        f"region ms25_box prism {edges} {tilts}",
        f"create_box {len(box.elements)} ms25_box",
    ):
        lammps.command(command)
    n_atoms = len(box.numbers)
    identifiers = list(range(1, n_atoms + 1))
    taken = lammps.create_atoms(
        n_atoms, identifiers, box.types.tolist(), box.positions.ravel().tolist()
    )
    if taken != n_atoms:
        msg = f"LAMMPS created {taken} of {n_atoms} atoms of the start frame: is its cell correct?"
        raise LammpsError(msg)
    for number, element in enumerate(box.elements, start=1):
        lammps.command(f"mass {number} {float(atomic_masses[element])!r}")
    for command in neighbour_commands(plan):
        lammps.command(command)


def space_commands(box: Box, *, newton: bool) -> list[str]:
    """Commands that must come before the box: units, atom style and periodicity.

    Parameters
    ----------
    box
        The box that will be created.
    newton
        Whether LAMMPS sums forces on ghost atoms ("newton on"); some pair styles need it off.
    """
    # "s", shrink-wrapped: the box follows the atoms, so an atom that leaves a slab is not lost.
    boundary = " ".join("p" if periodic else "s" for periodic in box.pbc)
    return [
        "units metal",
        "atom_style atomic",
        # No spatial sorting: the atoms stay in the order of the frame.
        "atom_modify map array sort 0 0.0",
        f"newton {'on' if newton else 'off'}",
        f"boundary {boundary}",
        "box tilt large",
    ]


def neighbour_commands(plan: MdPlan) -> list[str]:
    """Commands that set up the neighbour lists."""
    # LAMMPS' default of 2000 neighbours for each atom is too few for a structure that collapses.
    return [
        f"neighbor {plan.skin_A!r} bin",
        # Checked at each step: a rebuild as soon as an atom has moved by half of the skin. LAMMPS
        # requires `page` to be at least ten times `one`.
        "neigh_modify every 1 delay 0 check yes one 20000 page 200000",
    ]


def minimise_command(plan: MdPlan) -> str:
    """Command that runs a minimisation."""
    # Each iteration is a line search of a few evaluations: allow 20.
    most = min(20 * plan.n_steps, 2**31 - 1)
    # An energy tolerance of 0: only the forces decide.
    return f"minimize 0.0 {plan.force_tolerance!r} {plan.n_steps} {most}"


def ensemble_commands(plan: MdPlan) -> list[str]:
    """Commands for velocities, integrator and thermodynamic output."""
    commands = [
        # Metal units: ps, bar, eV, Å.
        f"timestep {plan.timestep_fs / FS_PER_PS!r}",
        # NULL: without a temperature there is no kinetic part.
        f"compute {VIRIAL} all pressure NULL virial",
        "thermo_style custom step temp pe etotal press",
        "thermo_modify flush no lost error",
        f"thermo {plan.thermo_every}",
    ]
    if plan.ensemble == "minimize":
        # "max": the largest force on an atom. The norm of all forces grows with their number.
        return [*commands, "min_style cg", "min_modify norm max"]
    if plan.temperature_K is not None:
        temperature = float(plan.temperature_K)
        commands.append(
            # No total momentum, which the forces would conserve. The angular momentum is kept: in a
            # periodic cell it is not conserved anyway.
            f"velocity all create {temperature!r} {plan.seed} mom yes rot no dist gaussian"
        )
    # Too short a damping time lets temperature or pressure fluctuate wildly, too long a one takes
    # long to equilibrate: the defaults are those that the manual recommends (fix nvt).
    bath, piston = (
        (steps * plan.timestep_fs if given is None else given) / FS_PER_PS
        for steps, given in zip(_DAMPING_STEPS, (plan.thermostat_fs, plan.barostat_fs), strict=True)
    )
    thermostat = f"temp {plan.temperature_K} {plan.temperature_K} {bath!r}"
    barostat = f"{plan.coupling} {plan.pressure_bar!r} {plan.pressure_bar!r} {piston!r}"
    motion = {
        "nve": "nve",
        "nvt": f"nvt {thermostat}",
        # "flip no": LAMMPS must not switch to other lattice vectors when a tilt grows, because
        # `Box.frame` could then not restore the frame's own cell vectors.
        "npt": f"npt {thermostat} {barostat} flip no",
    }
    return [*commands, f"fix ms25_motion all {motion[plan.ensemble]}"]
