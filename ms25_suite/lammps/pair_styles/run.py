"""Runs of a plan with a pair style of a LAMMPS program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ms25_suite.core.errors import UsageError
from ms25_suite.core.frames import Frames
from ms25_suite.lammps.executable.build import LammpsBuild
from ms25_suite.lammps.executable.input import Interaction
from ms25_suite.lammps.executable.run import run_executable
from ms25_suite.lammps.pair_styles.table import Device, PairStyle
from ms25_suite.lammps.plan import LammpsRun, MdPlan

__all__ = ["interaction", "run_pair_style"]


def interaction(
    style: PairStyle,
    file: Path,
    elements: Sequence[int],
    *,
    device: Device = "cpu",
    species: Sequence[int] = (),
) -> Interaction:
    """Commands and files with which a pair style evaluates a model.

    Parameters
    ----------
    style
        The pair style.
    file
        File that it reads, from `ms25_suite.lammps.deploy.files.deployed`.
    elements
        Atomic numbers of the frame, ascending.
    device
        Where to compute.
    species
        Atomic numbers of the model's species in the model's order; needed for pair styles whose
        input cannot name elements.

    Raises
    ------
    UsageError
        The suite cannot use the pair style, or it needs the species and they are not given.
    """
    from ase.data import chemical_symbols

    if style.obstacle:
        msg = f"the pair style {style.name} cannot be used: {style.obstacle}"
        raise UsageError(msg)
    if style.types_are_species and not species:
        msg = (
            f"the pair style {style.name} numbers the model's species, and the model file does "
            "not state which elements they are: give --mlip-species=A,B,..."
        )
        raise UsageError(msg)
    # A plain name, since LAMMPS splits its input at spaces. Some styles check the suffix.
    name = f"model{''.join(file.suffixes)}"
    # LAMMPS' types are numbers: whatever order is chosen here, the data file must follow it.
    order = tuple(species) if style.types_are_species else tuple(elements)
    symbols = [chemical_symbols[z] for z in order]
    settings, text = style.settings
    return Interaction(
        name=style.name,
        commands=style.commands(name, symbols),
        elements=order,
        newton=style.newton,
        files={name: file},
        texts={settings: text.format(file=name)} if settings else {},
        arguments=style.arguments(device),
        # Some styles use a GPU whenever they find one: hide it.
        environment={"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {},
    )


def run_pair_style(
    style: PairStyle,
    file: Path,
    frame: Frames,
    plan: MdPlan,
    build: LammpsBuild,
    *,
    device: Device = "cpu",
    species: Sequence[int] = (),
    time_limit_s: float = 3600.0,
) -> LammpsRun:
    """Run a plan with a pair style.

    Parameters
    ----------
    style
        From `ms25_suite.lammps.pair_styles.table.choose_pair_style`.
    file
        File that it reads, from `ms25_suite.lammps.deploy.files.deployed` for `PairStyle.target`.
    frame
        Start frame, one frame.
    plan
        What to run.
    build
        LAMMPS that has the pair style.
    device
        Where to compute.
    species
        Atomic numbers of the model's species, see `interaction`.
    time_limit_s
        Limit for the whole run in seconds.

    Raises
    ------
    UsageError
        The pair style, the frame and the plan do not fit together.
    LostAtomsError, LammpsError
        LAMMPS stopped, or exceeded the time limit.
    NotFiniteError
        An energy or a force is NaN or infinite.
    """
    given = interaction(style, file, frame.elements, device=device, species=species)
    return run_executable(build, given, frame, plan, time_limit_s=time_limit_s)
