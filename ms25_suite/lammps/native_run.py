"""Runs with a pair style of the user's LAMMPS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ms25_suite.errors import UsageError
from ms25_suite.frames import Frames
from ms25_suite.lammps.box import Box
from ms25_suite.lammps.executable import Interaction, run_executable
from ms25_suite.lammps.native import Device, NativeRoute
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.lammps.run import run_lammps
from ms25_suite.lammps.session import SILENT

__all__ = ["PairStyle", "interaction", "run_native"]


class PairStyle:
    """Pair style of the library of this environment, as a `ms25_suite.lammps.run.Route`.

    Parameters
    ----------
    given
        The forces; its commands find no file but by an absolute path.
    """

    neighbour_s = math.nan
    failure: BaseException | None = None
    has_stress = True

    def __init__(self, given: Interaction) -> None:
        self.name = given.name
        self.newton = given.newton
        self.arguments: Sequence[str] = (*SILENT, *given.arguments)
        self.model_s = math.nan  # LAMMPS calls the model, and not through this suite
        self._given = given

    def attach(self, lammps: Any, box: Box) -> None:
        """Define the interactions of a LAMMPS that has its atoms."""
        order = self._given.elements or box.elements
        if order != box.elements:
            msg = (
                f"the pair style {self.name} numbers the elements {order}, and the frame has "
                f"{box.elements}: in the library of this environment both must be the same. Name "
                "an executable: --lammps=/path/to/lmp"
            )
            raise UsageError(msg)
        for command in self._given.commands:
            lammps.command(command)
        self.has_stress = box.has_stress

    def before_setup(self) -> None:
        """Called before each command that makes LAMMPS set up a run; there is nothing to do."""


def interaction(
    route: NativeRoute,
    file: Path,
    elements: Sequence[int],
    *,
    device: Device = "cpu",
    species: Sequence[int] = (),
    inside: bool = False,
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
    inside
        Whether it is for the library in this process, where files are named by absolute paths.

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
    if inside and route.settings[0]:
        msg = f"the pair style {route.name} needs an executable: --lammps=/path/to/lmp"
        raise UsageError(msg)
    # A short name without spaces; the end stays, since some styles look at it.
    name = f"model{''.join(file.suffixes)}"
    order = tuple(species) if route.one_model_order else tuple(elements)
    symbols = [chemical_symbols[z] for z in order]
    settings, text = route.settings
    return Interaction(
        name=route.name,
        commands=route.commands(_word(file) if inside else name, symbols),
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
    *,
    executable: Path | None = None,
    device: Device = "cpu",
    species: Sequence[int] = (),
    time_limit_s: float = 3600.0,
) -> LammpsRun:
    """Run a plan on a route.

    Parameters
    ----------
    route
        From `ms25_suite.lammps.native.find_route`.
    file
        File that it reads, made by `ms25_suite.lammps.deploy.deployed` for `NativeRoute.target`.
    frame
        The start, one frame.
    plan
        What to do.
    executable
        LAMMPS of the user; None for the library of this environment, which then runs in this
        process: a crash of it is one of the caller.
    device
        Where to compute.
    species
        Atomic numbers of the model's species, see `interaction`.
    time_limit_s
        Time in seconds; of an executable only.

    Raises
    ------
    UsageError
        The route, the frame, the plan and the executable do not fit together.
    LammpsNotInstalledError
        LAMMPS cannot be started.
    LostAtomsError, LammpsError
        LAMMPS stopped, or took too long.
    NotFiniteError
        Energy or forces are NaN or infinite.
    """
    inside = executable is None
    given = interaction(route, file, frame.elements, device=device, species=species, inside=inside)
    if executable is None:
        return run_lammps(PairStyle(given), frame, plan)
    return run_executable(executable, given, frame, plan, time_limit_s=time_limit_s)


def _word(path: Path) -> str:
    """Path as one word of a command of LAMMPS."""
    text = str(path.absolute())
    if any(character in text for character in '"$\n'):
        msg = f'expected a path without the characters " and $, found {text}: move the file'
        raise UsageError(msg)
    return f'"{text}"'
