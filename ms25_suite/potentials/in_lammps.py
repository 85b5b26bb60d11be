"""Runs of a potential in LAMMPS, with a pair style for its architecture where there is one."""

from __future__ import annotations

from ms25_suite.core.errors import LammpsNotInstalledError, UsageError
from ms25_suite.core.frames import Frames
from ms25_suite.core.inputs import is_default
from ms25_suite.lammps.deploy.files import deployed
from ms25_suite.lammps.executable.build import LammpsBuild, executable_build, library_build
from ms25_suite.lammps.pair_styles.run import run_pair_style
from ms25_suite.lammps.pair_styles.table import (
    PAIR_STYLES,
    Device,
    PairStyle,
    choose_pair_style,
)
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.potentials.potential import Potential
from ms25_suite.potentials.registry import get_architecture, require_installed

__all__ = ["pair_style_for", "run_in_lammps"]


def run_in_lammps(
    potential: Potential, frame: Frames, plan: MdPlan, *, time_limit_s: float = 3600.0
) -> LammpsRun:
    """Run a plan with a pair style if LAMMPS has one, else with `Potential.run_lammps`.

    LAMMPS is the executable in the options of the potential, or else the library of the
    environment in which the potential runs. `LammpsRun.route` states which way was taken.

    Parameters
    ----------
    potential
        The potential.
    frame
        Start frame, one frame.
    plan
        What to run.
    time_limit_s
        Limit for the whole run with a pair style, in seconds.

    Raises
    ------
    UsageError
        The executable, the frame, the plan and the potential do not fit together.
    DeployError
        The package of the architecture made no file for the pair style.
    LammpsNotInstalledError, LostAtomsError, LammpsError
        LAMMPS could not be started, stopped, or exceeded the time limit.
    PotentialError
        The potential failed; the class of the error states how.
    """
    options = potential.options
    found = pair_style_for(potential)
    if found is None or potential.path is None:
        return potential.run_lammps(frame, plan)
    style, build, device = found
    inputs = read_inputs(potential, frame)
    if inputs and options.lammps is None:
        return potential.run_lammps(frame, plan)
    if inputs:
        msg = (
            f"the frame states {' and '.join(inputs)}, which {potential.name} reads, but a pair "
            "style of LAMMPS cannot: it would compute another system. Use --lammps=none, which "
            "calls the model itself"
        )
        raise UsageError(msg)
    if device == "gpu" and options.device.partition(":")[2] not in ("", "0"):
        kind, _, number = options.device.partition(":")
        msg = (
            "a pair style of LAMMPS computes on the first GPU, but the device is "
            f"{options.device}: use --device={kind} with CUDA_VISIBLE_DEVICES={number}, or "
            "--lammps=none"
        )
        raise UsageError(msg)
    from ase.data import atomic_numbers

    family = get_architecture(potential.architecture)
    file = deployed(
        potential.path,
        style.target,
        family.name,
        require_installed(family),
        device=options.device,
        dtype=options.dtype,
        head=options.head,
    )
    species = (potential.manifest.species if potential.manifest else ()) or options.species
    return run_pair_style(
        style,
        file,
        frame,
        plan,
        build,
        device=device,
        species=[atomic_numbers[symbol] for symbol in species],
        time_limit_s=time_limit_s,
    )


def pair_style_for(potential: Potential) -> tuple[PairStyle, LammpsBuild, Device] | None:
    """Pair style for a potential, the LAMMPS that has it, and its device; None if there is none."""
    if potential.options.backend or potential.options.tf32:
        # A pair style has kernels of its own: it would run something else than was asked for.
        return None
    build = _build(potential)
    device: Device = "cpu" if potential.options.device.startswith("cpu") else "gpu"
    style = None if build is None else choose_pair_style(potential.architecture, build, device)
    return None if build is None or style is None else (style, build, device)


def read_inputs(potential: Potential, frame: Frames) -> list[str]:
    """Inputs of a frame that matter to a potential: it reads them, and they are not the default."""
    read = potential.info().inputs or ()
    return [
        name for name in frame.inputs if name in read and not is_default(name, frame.inputs[name])
    ]


def _build(potential: Potential) -> LammpsBuild | None:
    """LAMMPS whose pair styles may be used; None if there is none."""
    options = potential.options
    if options.lammps is not None:
        return executable_build(options.lammps)
    served = any(style.serves(potential.architecture) for style in PAIR_STYLES)
    if not (served and potential.path is not None and options.pair_styles):
        return None
    try:
        return library_build(require_installed(get_architecture(potential.architecture)).python)
    except LammpsNotInstalledError:
        return None  # `Potential.run_lammps` raises it, naming the environment that lacks it
