"""Results of a finished LAMMPS program, read from its log and its dump files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from ms25_suite.core.errors import LammpsError, NotFiniteError
from ms25_suite.core.frames import FloatArray, IntArray
from ms25_suite.lammps.box import Box
from ms25_suite.lammps.commands import VIRIAL
from ms25_suite.lammps.executable.input import FINAL_FILE, START_FILE, STATUS_FILE
from ms25_suite.lammps.executable.log import Log, LogRun, parse_log
from ms25_suite.lammps.plan import LammpsRun, MdPlan, Thermo
from ms25_suite.lammps.process import noted_peak_memory

__all__ = ["NKTV2P", "check_end", "read_results", "text_of"]

NKTV2P: Final = 1.6021765e6
"""Bar in one eV/Å^3, as LAMMPS converts it in metal units (``nktv2p`` in ``src/update.cpp``)."""


def check_end(log: Log, status: int, output: str, n_runs: int, source: str) -> None:
    """Raise if LAMMPS did not complete all runs of its input.

    Parameters
    ----------
    log
        Its log.
    status
        Exit status of the program, negative for a signal.
    output
        What it wrote to standard output and standard error.
    n_runs
        Number of ``run`` and ``minimize`` commands in the input.
    source
        Which LAMMPS it was, for the message.

    Raises
    ------
    LostAtomsError, LammpsError
        The log or the output has an error message, or runs are missing.
    """
    finished = sum(run.finished for run in log.runs)
    doing = "after the start frame" if finished else "before the start frame was evaluated"
    error = log.error(doing) or parse_log(output).error(doing)
    if error is not None:
        raise error
    if status == 0 and finished == n_runs:
        return
    how = f"signal {-status}" if status < 0 else f"status {status}"
    end = output.strip()[-1000:] or "(nothing)"
    msg = (
        f"LAMMPS ({source}) ended with {how} {doing}, after {finished} of {n_runs} runs and "
        f"without an error message in its log. The end of its output:\n{end}"
    )
    raise LammpsError(msg)


def read_results(
    name: str, log: Log, box: Box, plan: MdPlan, folder: Path, *, threads: int
) -> LammpsRun:
    """Results of a run that ended well.

    Parameters
    ----------
    name
        Name of the interaction.
    log
        Log of the run.
    box
        The start frame in LAMMPS' axes.
    plan
        The plan that was run.
    folder
        Folder with the files that LAMMPS wrote.
    threads
        Threads that it used.

    Raises
    ------
    NotFiniteError
        An energy or a force is NaN or infinite.
    """
    start, blocks = log.runs[0], log.runs[-plan.n_blocks :]
    # Back into the frame's own axes.
    forces = _dump(folder / START_FILE) @ box.rotation
    energy = float(start.thermo["PotEng"][0])
    _require_finite(energy, forces, blocks)
    last = blocks[-1].thermo
    matrix = np.zeros((3, 3))
    # Row by row: Lx; xy, Ly; xz, yz, Lz. A barostat may have changed them.
    matrix[np.tril_indices(3)] = [
        last[column][-1] for column in ("Lx", "Xy", "Ly", "Xz", "Yz", "Lz")
    ]
    builds = int(last["Nbuild"][-1])
    if plan.ensemble != "minimize":  # the set-up of a minimisation resets the counter
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
        peak_memory_bytes=noted_peak_memory(text_of(folder / STATUS_FILE)) or 0,
        threads=threads,
        final=box.frame(_dump(folder / FINAL_FILE), matrix),
    )


def text_of(path: Path) -> str:
    """Text of a file; empty if there is no such file."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _dump(path: Path) -> FloatArray:
    """Three columns of a dump file in the order of the atom identifiers, ``(n_atoms, 3)``."""
    lines = path.read_text(encoding="ascii").splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("ITEM: ATOMS")) + 1
    return np.array([line.split()[1:] for line in lines[first:]], dtype=float)


def _stress(start: LogRun, box: Box) -> FloatArray:
    if not box.has_stress:
        return np.full(6, np.nan)
    pressure = [float(start.thermo[f"c_{VIRIAL}[{k}]"][0]) for k in range(1, 7)]
    return box.own_stress(pressure, bar_per_ev_a3=NKTV2P)


def _thermo(blocks: Sequence[LogRun], plan: MdPlan, *, has_pressure: bool) -> Thermo:
    """Rows of all blocks; the first row of a block repeats the last row of the block before."""

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
    """LAMMPS does not stop at NaN but carries it along, so it is checked here."""
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
