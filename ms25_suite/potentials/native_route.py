"""Runs of a potential in LAMMPS, by a pair style of the user's executable where there is one."""

from __future__ import annotations

from pathlib import Path

from ms25_suite.errors import UsageError
from ms25_suite.frames import Frames
from ms25_suite.lammps.deploy import deployed
from ms25_suite.lammps.native import Device, NativeRoute, find_route
from ms25_suite.lammps.native_run import run_native
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.potentials.potential import Potential
from ms25_suite.potentials.registry import get_architecture, require_installed

__all__ = ["native_route", "run_in_lammps"]


def native_route(potential: Potential, executable: Path) -> NativeRoute | None:
    """Pair style of an executable for a potential; None if it has none, or there is no model file.

    Raises
    ------
    UsageError
        The executable is none, or not LAMMPS; or the device is not the first one.
    LammpsNotInstalledError
        One of its libraries is missing.
    LammpsError
        It did not answer.
    """
    device = _device(potential)
    route = find_route(potential.architecture, executable, device=device)
    return None if potential.path is None else route


def run_in_lammps(
    potential: Potential,
    frame: Frames,
    plan: MdPlan,
    executable: Path | None = None,
    *,
    time_limit_s: float = 3600.0,
) -> LammpsRun:
    """Run a plan by a pair style if the executable has one, else by `Potential.run_lammps`.

    Which it was is in `LammpsRun.route`.

    Parameters
    ----------
    potential
        The potential.
    frame
        The start, one frame.
    plan
        What to do.
    executable
        LAMMPS of the user (``--lammps``); None: there is none.
    time_limit_s
        Time for the whole run of an executable in seconds.

    Raises
    ------
    UsageError
        The executable, the frame, the plan and the potential do not fit together.
    DeployError
        The package made no file that the pair style can read.
    LammpsNotInstalledError, LostAtomsError, LammpsError
        LAMMPS cannot be started, stopped, or took too long.
    PotentialError
        The potential cannot do it; the class tells why.
    """
    route = None if executable is None else native_route(potential, executable)
    if route is None:
        return potential.run_lammps(frame, plan)
    from ase.data import atomic_numbers

    assert potential.path is not None
    family = get_architecture(potential.architecture)
    options = potential.options
    file = deployed(
        potential.path,
        route.target,
        family.name,
        require_installed(family),
        device=options.device,
        dtype=options.dtype,
    )
    species = tuple(potential.manifest.get("species", ())) or options.species
    return run_native(
        route,
        file,
        frame,
        plan,
        executable=executable,
        device=_device(potential),
        species=[atomic_numbers[symbol] for symbol in species],
        time_limit_s=time_limit_s,
    )


def _device(potential: Potential) -> Device:
    kind, _, number = potential.options.device.partition(":")
    if number not in ("", "0"):
        msg = (
            f"--lammps computes on the first GPU, and {kind}:{number} was asked for: use "
            f"--device={kind} with CUDA_VISIBLE_DEVICES={number}"
        )
        raise UsageError(msg)
    return "cpu" if kind == "cpu" else "gpu"
