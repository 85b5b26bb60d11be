"""Runs with a pair style of the user's LAMMPS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ms25_suite.core.errors import UsageError
from ms25_suite.core.frames import Frames
from ms25_suite.lammps.build import LammpsBuild
from ms25_suite.lammps.executable import Interaction, run_executable
from ms25_suite.lammps.pair_styles import Device, NativeRoute
from ms25_suite.lammps.plan import LammpsRun, MdPlan

__all__ = ["interaction", "run_native"]


def interaction(
    route: NativeRoute,
    file: Path,
    elements: Sequence[int],
    *,
    device: Device = "cpu",
    species: Sequence[int] = (),
) -> Interaction:
    """What defines the forces of a model on a route.

    Parameters
    ----------
    route
        The route.
    file
        File that it reads, made by `ms25_suite.lammps.deploy.deployed`.
    elements
        Atomic numbers of the frame, ascending.
    device
        Where to compute.
    species
        Atomic numbers of the model's species in their order; needed by routes that cannot name
        elements.

    Raises
    ------
    UsageError
        The route cannot do this.
    """
    from ase.data import chemical_symbols

    if route.obstacle:
        msg = f"the route {route.name} cannot be used: {route.obstacle}"
        raise UsageError(msg)
    if route.one_model_order and not species:
        msg = (
            f"the pair style {route.name} takes the model's species by their numbers, and the "
            "model file does not say which elements they are: give --mlip-species=A,B,..."
        )
        raise UsageError(msg)
    # A short name without spaces; the end stays, since some styles look at it.
    name = f"model{''.join(file.suffixes)}"
    order = tuple(species) if route.one_model_order else tuple(elements)
    symbols = [chemical_symbols[z] for z in order]
    settings, text = route.settings
    return Interaction(
        name=route.name,
        commands=route.commands(name, symbols),
        elements=order,
        newton=route.newton,
        files={name: file},
        texts={settings: text.format(file=name)} if settings else {},
        arguments=route.arguments(device),
        # Styles that look for a GPU themselves take any that they see.
        environment={"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {},
    )


def run_native(
    route: NativeRoute,
    file: Path,
    frame: Frames,
    plan: MdPlan,
    build: LammpsBuild,
    *,
    device: Device = "cpu",
    species: Sequence[int] = (),
    time_limit_s: float = 3600.0,
) -> LammpsRun:
    """Run a plan on a route.

    Parameters
    ----------
    route
        From `ms25_suite.lammps.pair_styles.choose`.
    file
        File that it reads, made by `ms25_suite.lammps.deploy.deployed` for `NativeRoute.target`.
    frame
        The start, one frame.
    plan
        What to do.
    build
        LAMMPS that has the style.
    device
        Where to compute.
    species
        Atomic numbers of the model's species, see `interaction`.
    time_limit_s
        Time in seconds.

    Raises
    ------
    UsageError
        The route, the frame and the plan do not fit together.
    LostAtomsError, LammpsError
        LAMMPS stopped, or took too long.
    NotFiniteError
        Energy or forces are NaN or infinite.
    """
    given = interaction(route, file, frame.elements, device=device, species=species)
    return run_executable(build, given, frame, plan, time_limit_s=time_limit_s)
