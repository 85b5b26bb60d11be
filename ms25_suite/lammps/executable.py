"""Runs in a LAMMPS that the user built: input and data files, a process, and its output.

The same plans as in `ms25_suite.lammps.run`, with the same results, for pair styles of LAMMPS.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ms25_suite.core.errors import LammpsError, NotFiniteError, UsageError
from ms25_suite.core.frames import FloatArray, Frames, IntArray, to_voigt
from ms25_suite.environments.processes import child_environment
from ms25_suite.lammps.box import Box
from ms25_suite.lammps.build import LammpsBuild
from ms25_suite.lammps.commands import (
    VIRIAL,
    check_fit,
    ensemble_commands,
    minimise_command,
    neighbour_commands,
    space_commands,
)
from ms25_suite.lammps.log import Log, LogRun, parse_log
from ms25_suite.lammps.plan import LammpsRun, MdPlan, Thermo
from ms25_suite.lammps.process import noted_peak_memory, run_program

__all__ = ["Interaction", "run_executable"]

NKTV2P: Final = 1.6021765e6
"""eV/Å^3 in bar as LAMMPS converts it in metal units (``nktv2p`` in its ``src/update.cpp``)."""

_COLUMNS: Final = "step temp pe etotal press nbuild lx ly lz xy xz yz"
_LOG: Final = "log.lammps"
_START: Final = "start.dump"
_FINAL: Final = "final.dump"
_STATUS: Final = "status.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """What defines the forces in an input of LAMMPS.

    Parameters
    ----------
    name
        Name for results, usually the pair style.
    commands
        Commands from ``pair_style`` on, in metal units.
    elements
        Atomic numbers in the order of LAMMPS' atom types; None for those of the frame, ascending.
    newton
        Setting of ``newton``.
    files
        Files by the names under which the commands find them.
    texts
        Texts of more such files.
    arguments
        More of LAMMPS' command line.
    environment
        More environment variables.
    """

    name: str
    commands: tuple[str, ...]
    elements: tuple[int, ...] | None = None
    newton: bool = True
    files: Mapping[str, Path] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def run_executable(
    build: LammpsBuild,
    interaction: Interaction,
    frame: Frames,
    plan: MdPlan,
    *,
    time_limit_s: float = 3600.0,
    threads: int = 1,
) -> LammpsRun:
    """Run a plan in an executable; see `MdPlan` for what is done.

    In the result, `LammpsRun.model_s` is the time of LAMMPS' section "Pair", `neighbour_s` that of
    "Neigh", and `cpu_s` comes from a percentage with one digit after the point. A section is all
    that is in it: ``Pair`` holds the making of the model's input too.

    Parameters
    ----------
    build
        LAMMPS; it runs as one process of its own.
    interaction
        The forces.
    frame
        The start, one frame.
    plan
        What to do.
    time_limit_s
        Time for the whole run in seconds.
    threads
        Threads of OpenMP.

    Raises
    ------
    UsageError
        The frame does not fit the plan or the interaction.
    LostAtomsError, LammpsError
        LAMMPS stopped, crashed, or took too long.
    NotFiniteError
        Energy or forces are NaN or infinite.
    """
    box = Box.from_frame(frame)
    check_fit(plan, box)
    elements = interaction.elements or box.elements
    with tempfile.TemporaryDirectory(prefix="ms25-lammps-") as text:
        folder = Path(text)
        for name, path in interaction.files.items():
            (folder / name).symlink_to(path.absolute())
        texts = {
            **interaction.texts,
            "frame.data": data_file(box, elements),
            "in.lammps": input_file(box, interaction, plan),
        }
        for name, content in texts.items():
            (folder / name).write_text(content, encoding="utf-8")
        command = [*build.command, "-in", "in.lammps", "-log", _LOG, "-screen", "none", "-nocite"]
        ended = run_program(
            [*command, *interaction.arguments],
            folder,
            time_limit_s=time_limit_s,
            variables={**child_environment(threads), **interaction.environment},
        )
        logged = _text(folder / _LOG)
        if ended.status is None:
            last = logged.strip().splitlines()[-1:] or ["(nothing)"]
            msg = (
                f"LAMMPS ({build.source}) did not end within {time_limit_s:g} s; the last line of "
                f"its log: {last[0]}. Ask for fewer steps, or allow more time"
            )
            raise LammpsError(msg)
        log = parse_log(logged)
        expected = 1 + (plan.warmup_steps > 0) + plan.n_blocks
        _check(log, ended.status, ended.output, expected, build.source)
        return _result(interaction.name, log, box, plan, folder, threads)


def data_file(box: Box, elements: Sequence[int]) -> str:
    """Data file of a frame, numbers with all their digits.

    Parameters
    ----------
    box
        The frame.
    elements
        Atomic numbers in the order of the atom types.

    Raises
    ------
    UsageError
        The frame has another element.
    """
    from ase.data import atomic_masses, chemical_symbols

    unknown = [chemical_symbols[z] for z in box.elements if z not in elements]
    if unknown:
        names = " ".join(chemical_symbols[z] for z in elements)
        msg = f"the potential knows the elements {names}, found {' '.join(unknown)} in the frame"
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
    """Input of LAMMPS for a plan.

    Blocks go on from one another (``pre no``), each with its own rows of output, counted from its
    own first step.
    """
    digits = "modify sort id format float %.17g"
    lines = [
        *space_commands(box, newton=interaction.newton),
        "read_data frame.data",
        *interaction.commands,
        *neighbour_commands(plan),
        *ensemble_commands(plan),
        f"thermo_style custom {_COLUMNS} c_{VIRIAL}[*]",
        "thermo_modify flush no lost error format float %.17g",
        "run 0 post no",
        f"write_dump all custom {_START} id fx fy fz {digits}",
    ]
    if plan.ensemble == "minimize":
        lines.append(minimise_command(plan))
    else:
        if plan.warmup_steps:
            lines.append(f"run {plan.warmup_steps} pre no post no")
        for block in range(plan.n_blocks):
            first = plan.warmup_steps + block * plan.n_steps
            last = first + plan.n_steps
            if plan.n_steps > plan.thermo_every:
                lines.append(f"variable ms25_rows equal stride({first},{last},{plan.thermo_every})")
                lines.append("thermo v_ms25_rows")
            else:  # the first and the last row are always there
                lines.append("thermo 0")
            lines.append(f"run {plan.n_steps} pre no")
    lines += [
        f"write_dump all custom {_FINAL} id xu yu zu {digits}",
        # The shell's parent is LAMMPS: its largest memory, where the kernel tells it (Linux).
        f'shell "cat /proc/$PPID/status > {_STATUS} 2> /dev/null"',
    ]
    return "\n".join(lines) + "\n"


def _digits(value: float) -> str:
    return repr(float(value))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _check(log: Log, status: int, output: str, expected: int, executable: str) -> None:
    """Raise what went wrong."""
    finished = sum(run.finished for run in log.runs)
    doing = "after the start frame" if finished else "before the start frame was evaluated"
    error = log.error(doing) or parse_log(output).error(doing)
    if error is not None:
        raise error
    if status == 0 and finished == expected:
        return
    how = f"signal {-status}" if status < 0 else f"status {status}"
    end = output.strip()[-1000:] or "(nothing)"
    msg = (
        f"LAMMPS ({executable}) ended with {how} {doing}, after {finished} of {expected} runs and "
        f"without a message in its log. The end of its output:\n{end}"
    )
    raise LammpsError(msg)


def _result(name: str, log: Log, box: Box, plan: MdPlan, folder: Path, threads: int) -> LammpsRun:
    start, blocks = log.runs[0], log.runs[-plan.n_blocks :]
    forces = _dump(folder / _START) @ box.rotation
    energy = float(start.thermo["PotEng"][0])
    _require_finite(energy, forces, blocks)
    last = blocks[-1].thermo
    matrix = np.zeros((3, 3))
    matrix[np.tril_indices(3)] = [
        last[column][-1] for column in ("Lx", "Xy", "Ly", "Xz", "Yz", "Lz")
    ]
    builds = int(last["Nbuild"][-1])
    if plan.ensemble != "minimize":  # where the set-up counts from zero again
        builds -= int(blocks[0].thermo["Nbuild"][0])
    wall = np.array([run.wall_s for run in blocks])
    return LammpsRun(
        route=name,
        lammps_version=log.version or 0,
        n_atoms=len(box.numbers),
        energy=energy,
        forces=forces,
        stress=_stress(start, box),
        thermo=_thermo(blocks, plan, has_pressure=box.has_stress),
        wall_s=wall,
        cpu_s=wall * np.array([run.cpu_percent for run in blocks]) / 100.0,
        model_s=np.array([run.sections_s.get("Pair", np.nan) for run in blocks]),
        neighbour_s=np.array([run.sections_s.get("Neigh", np.nan) for run in blocks]),
        neighbour_builds=builds,
        peak_memory_bytes=noted_peak_memory(_text(folder / _STATUS)) or 0,
        threads=threads,
        final=box.frame(_dump(folder / _FINAL), matrix),
    )


def _dump(path: Path) -> FloatArray:
    """Three columns of a dump in the order of the atoms' identifiers, shape ``(n_atoms, 3)``."""
    lines = path.read_text(encoding="ascii").splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("ITEM: ATOMS")) + 1
    return np.array([line.split()[1:] for line in lines[first:]], dtype=float)


def _stress(start: LogRun, box: Box) -> FloatArray:
    if not box.has_stress:
        return np.full(6, np.nan)
    xx, yy, zz, xy, xz, yz = (float(start.thermo[f"c_{VIRIAL}[{k}]"][0]) for k in range(1, 7))
    pressure = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return to_voigt(box.own_tensor(-pressure / NKTV2P))


def _thermo(blocks: Sequence[LogRun], plan: MdPlan, *, has_pressure: bool) -> Thermo:
    """Rows of all blocks; the first row of a block is the last of the one before."""

    def column(name: str) -> FloatArray:
        parts = [run.thermo[name][min(index, 1) :] for index, run in enumerate(blocks)]
        values = np.concatenate(parts)
        return values[[0, -1]] if plan.ensemble == "minimize" else values

    steps: IntArray = column("Step").astype(np.int64)
    pressure = column("Press")
    return Thermo(
        steps=steps - steps[0],
        temperature_K=column("Temp"),
        potential_eV=column("PotEng"),
        total_eV=column("TotEng"),
        pressure_bar=pressure if has_pressure else np.full(len(steps), np.nan),
    )


def _require_finite(energy: float, forces: FloatArray, blocks: Sequence[LogRun]) -> None:
    """Refuse NaN, which LAMMPS carries along."""
    later = np.concatenate([run.thermo["TotEng"] for run in blocks])
    bad = {
        "energy of the start frame": not np.isfinite(energy),
        "forces of the start frame": not np.isfinite(forces).all(),
        "energies of the dynamics": not np.isfinite(later).all(),
    }
    if any(bad.values()):
        which = " and ".join(name for name, is_bad in bad.items() if is_bad)
        msg = (
            f"the potential returned {which} that are not finite (NaN or infinity) in LAMMPS. If "
            "the structure came apart, try a shorter time step, a lower temperature or another "
            "start frame"
        )
        raise NotFiniteError(msg)
