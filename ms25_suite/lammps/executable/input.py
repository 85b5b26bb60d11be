"""Input and data file of a LAMMPS program for a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ms25_suite.core.errors import UsageError
from ms25_suite.lammps.box import Box
from ms25_suite.lammps.commands import (
    VIRIAL,
    ensemble_commands,
    minimise_command,
    neighbour_commands,
    space_commands,
)
from ms25_suite.lammps.plan import MdPlan

__all__ = [
    "DATA_FILE",
    "FINAL_FILE",
    "INPUT_FILE",
    "START_FILE",
    "STATUS_FILE",
    "Interaction",
    "data_file",
    "input_file",
]

INPUT_FILE: Final = "in.lammps"
DATA_FILE: Final = "frame.data"

START_FILE: Final = "start.dump"
"""Forces of the start frame, written by LAMMPS."""

FINAL_FILE: Final = "final.dump"
"""Positions at the end, written by LAMMPS."""

STATUS_FILE: Final = "status.txt"
"""The kernel's record of the LAMMPS process at the end, with its peak memory (Linux only)."""

_COLUMNS: Final = "step temp pe etotal press nbuild lx ly lz xy xz yz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """The part of a LAMMPS input that defines the forces.

    Parameters
    ----------
    name
        Name in results, usually the pair style.
    commands
        Commands from ``pair_style`` on, in metal units.
    elements
        Atomic numbers in the order of LAMMPS' atom types; None: those of the frame, ascending.
    newton
        Setting of LAMMPS' command ``newton``.
    files
        Files that the commands read, by the names that the commands use.
    texts
        Contents of further such files, by name.
    arguments
        Additional arguments of LAMMPS' command line.
    environment
        Additional environment variables.
    """

    name: str
    commands: tuple[str, ...]
    elements: tuple[int, ...] | None = None
    newton: bool = True
    files: Mapping[str, Path] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def data_file(box: Box, elements: Sequence[int]) -> str:
    """Text of the data file of a frame, with all digits of every number.

    Parameters
    ----------
    box
        The frame in LAMMPS' axes.
    elements
        Atomic numbers in the order of the atom types; may name more elements than the frame has.

    Raises
    ------
    UsageError
        The frame contains an element that is not listed.
    """
    from ase.data import atomic_masses, chemical_symbols

    unknown = [chemical_symbols[z] for z in box.elements if z not in elements]
    if unknown:
        names = " ".join(chemical_symbols[z] for z in elements)
        msg = (
            f"the potential is defined for the elements {names}, but the frame also contains "
            f"{' '.join(unknown)}"
        )
        raise UsageError(msg)
    type_of = {element: number for number, element in enumerate(elements, start=1)}
    high = box.origin + box.matrix.diagonal()
    sides = zip(box.origin, high, "xyz", strict=True)
    tilts = " ".join(_digits(box.matrix[i, j]) for i, j in ((1, 0), (2, 0), (2, 1)))
    lines = [
        "A frame, written by ms25-suite",
        "",
        f"{len(box.numbers)} atoms",
        f"{len(elements)} atom types",
        "",
        *(f"{_digits(low)} {_digits(top)} {axis}lo {axis}hi" for low, top, axis in sides),
        f"{tilts} xy xz yz",
        "",
        "Masses",
        "",
        *(f"{number} {_digits(atomic_masses[z])}" for z, number in type_of.items()),
        "",
        "Atoms # atomic",
        "",
        *(
            f"{index} {type_of[int(z)]} {' '.join(map(_digits, position))}"
            for index, (z, position) in enumerate(
                zip(box.numbers, box.positions, strict=True), start=1
            )
        ),
    ]
    return "\n".join(lines) + "\n"


def input_file(box: Box, interaction: Interaction, plan: MdPlan) -> str:
    """Text of the LAMMPS input for a plan.

    Each block continues from the one before (``pre no``) and prints its own rows of
    thermodynamic output, counted from its own first step.
    """
    # 17 significant digits give back every double exactly.
    digits = "modify sort id format float %.17g"
    lines = [
        *space_commands(box, newton=interaction.newton),
        f"read_data {DATA_FILE}",
        *interaction.commands,
        *neighbour_commands(plan),
        *ensemble_commands(plan),
        f"thermo_style custom {_COLUMNS} c_{VIRIAL}[*]",
        "thermo_modify flush no lost error format float %.17g",
        # The start frame alone, to compare energy, forces and virial with those outside LAMMPS.
        "run 0 post no",
        f"write_dump all custom {START_FILE} id fx fy fz {digits}",
    ]
    if plan.ensemble == "minimize":
        lines.append(minimise_command(plan))
    else:
        if plan.warmup_steps:
            lines.append(f"run {plan.warmup_steps} pre no post no")
        for block in range(plan.n_blocks):
            first = plan.warmup_steps + block * plan.n_steps
            last = first + plan.n_steps
            # `thermo N` prints at multiples of N of the total step number. The rows are to be
            # counted from the start of the block, so the steps are listed by `stride`.
            if plan.n_steps > plan.thermo_every:
                lines.append(f"variable ms25_rows equal stride({first},{last},{plan.thermo_every})")
                lines.append("thermo v_ms25_rows")
            else:  # LAMMPS always prints the first and the last row of a run
                lines.append("thermo 0")
            lines.append(f"run {plan.n_steps} pre no")
    lines += [
        # xu yu zu: positions that were not wrapped into the box.
        f"write_dump all custom {FINAL_FILE} id xu yu zu {digits}",
        # The shell's parent is LAMMPS: its peak memory, where the kernel records it (Linux).
        f'shell "cat /proc/$PPID/status > {STATUS_FILE} 2> /dev/null"',
    ]
    return "\n".join(lines) + "\n"


def _digits(value: float) -> str:
    return repr(float(value))
