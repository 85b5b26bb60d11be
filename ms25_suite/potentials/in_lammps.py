"""Runs of a potential in LAMMPS, by a pair style for its architecture where there is one."""

from __future__ import annotations

from ms25_suite.core.errors import LammpsNotInstalledError, UsageError
from ms25_suite.core.frames import Frames
from ms25_suite.lammps.build import LammpsBuild, executable_build, library_build
from ms25_suite.lammps.deploy import deployed
from ms25_suite.lammps.pair_style_run import run_native
from ms25_suite.lammps.pair_styles import ROUTES, Device, choose
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.potentials.potential import Potential
from ms25_suite.potentials.registry import get_architecture, require_installed

__all__ = ["run_in_lammps"]


def run_in_lammps(
    potential: Potential, frame: Frames, plan: MdPlan, *, time_limit_s: float = 3600.0
) -> LammpsRun:
    """Run a plan by a pair style if LAMMPS has one, else by `Potential.run_lammps`.

    LAMMPS is the executable that the options of the potential name, or else the library of the
    environment that the potential runs in. Which way it was is in `LammpsRun.route`.

    Parameters
    ----------
    potential
        The potential.
    frame
        The start, one frame.
    plan
        What to do.
    time_limit_s
        Time for the whole run by a pair style in seconds.

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
    options = potential.options
    build = _build(potential)
    device: Device = "cpu" if options.device.startswith("cpu") else "gpu"
    route = None if build is None else choose(potential.architecture, build, device)
    if build is None or route is None or potential.path is None:
        return potential.run_lammps(frame, plan)
    if device == "gpu" and options.device.partition(":")[2] not in ("", "0"):
        kind, _, number = options.device.partition(":")
        msg = (
            f"a pair style of LAMMPS computes on the first GPU, and {options.device} was asked "
            f"for: use --device={kind} with CUDA_VISIBLE_DEVICES={number}, or --lammps=none"
        )
        raise UsageError(msg)
    from ase.data import atomic_numbers

    family = get_architecture(potential.architecture)
    file = deployed(
        potential.path,
        route.target,
        family.name,
        require_installed(family),
        device=options.device,
        dtype=options.dtype,
    )
    species = (potential.manifest.species if potential.manifest else ()) or options.species
    return run_native(
        route,
        file,
        frame,
        plan,
        build,
        device=device,
        species=[atomic_numbers[symbol] for symbol in species],
        time_limit_s=time_limit_s,
    )


def _build(potential: Potential) -> LammpsBuild | None:
    """LAMMPS whose pair styles may be used; None if none can be of use."""
    options = potential.options
    if options.lammps is not None:
        return executable_build(options.lammps)
    served = any(route.serves(potential.architecture) for route in ROUTES)
    if not (served and potential.path is not None and options.pair_styles):
        return None
    try:
        return library_build(require_installed(get_architecture(potential.architecture)).python)
    except LammpsNotInstalledError:
        return None  # the other way says so, in the words of the environment that lacks it
