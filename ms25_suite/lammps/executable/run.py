"""One run of a plan in a LAMMPS program, for pair styles of LAMMPS.

The same plans as in `ms25_suite.lammps.run`, with the same results. There, LAMMPS is a library
inside a process of the suite; here, it is a program in a process of its own.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from ms25_suite.core.errors import LammpsError
from ms25_suite.core.frames import Frames
from ms25_suite.core.text.progress import progress
from ms25_suite.environments.processes import child_environment
from ms25_suite.lammps.box import Box
from ms25_suite.lammps.commands import check_fit
from ms25_suite.lammps.executable.build import LammpsBuild
from ms25_suite.lammps.executable.input import (
    DATA_FILE,
    INPUT_FILE,
    Interaction,
    data_file,
    input_file,
)
from ms25_suite.lammps.executable.log import parse_log
from ms25_suite.lammps.executable.results import check_end, read_results, text_of
from ms25_suite.lammps.mpi import local_mpi
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.lammps.process import run_program

__all__ = ["run_executable"]

_LOG: Final = "log.lammps"


def run_executable(
    build: LammpsBuild,
    interaction: Interaction,
    frame: Frames,
    plan: MdPlan,
    *,
    time_limit_s: float = 3600.0,
    threads: int = 1,
) -> LammpsRun:
    """Run a plan in a LAMMPS program; `MdPlan` describes what is done.

    In the result, `LammpsRun.model_s` is the time of LAMMPS' section "Pair", which includes
    preparing the model's input, and `LammpsRun.neighbour_s` that of "Neigh".
    `LammpsRun.cpu_s` is computed from the CPU use in percent, which LAMMPS prints with one digit
    after the point.

    Parameters
    ----------
    build
        LAMMPS program; it runs as one process.
    interaction
        Commands and files that define the forces.
    frame
        Start frame, one frame.
    plan
        What to run.
    time_limit_s
        Limit for the whole run in seconds.
    threads
        OpenMP threads.

    Raises
    ------
    UsageError
        The frame does not fit the plan or the interaction.
    LostAtomsError, LammpsError
        LAMMPS stopped, crashed, or exceeded the time limit.
    NotFiniteError
        An energy or a force is NaN or infinite.
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
            DATA_FILE: data_file(box, elements),
            INPUT_FILE: input_file(box, interaction, plan),
        }
        for name, content in texts.items():
            (folder / name).write_text(content, encoding="utf-8")
        command = [*build.command, "-in", INPUT_FILE, "-log", _LOG, "-screen", "none", "-nocite"]
        with progress(f"LAMMPS with {interaction.name}"):
            ended = run_program(
                [*command, *interaction.arguments],
                folder,
                time_limit_s=time_limit_s,
                variables={**child_environment(threads), **local_mpi(), **interaction.environment},
            )
        logged = text_of(folder / _LOG)
        if ended.status is None:
            last = logged.strip().splitlines()[-1:] or ["(nothing)"]
            msg = (
                f"LAMMPS ({build.source}) did not end within {time_limit_s:g} s; the last line of "
                f"its log: {last[0]}. Use fewer steps or a longer time limit"
            )
            raise LammpsError(msg)
        log = parse_log(logged)
        # The evaluation of the start frame, the warm-up if there is one, and the blocks.
        n_runs = 1 + (plan.warmup_steps > 0) + plan.n_blocks
        check_end(log, ended.status, ended.output, n_runs, build.source)
        return read_results(interaction.name, log, box, plan, folder, threads=threads)
