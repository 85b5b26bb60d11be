"""Input files for a frame at the paper's levels of theory, and calculators with these settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.errors import UsageError
from ms25_suite.reference.level_of_theory.settings import (
    LevelOfTheory,
    find_level_of_theory,
    refuse_frame,
)

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["how_to_run", "paper_calculator", "refuse_no_inputs", "write_inputs"]

_PAGE: Final = "README.md"

_INPUTS: Final = ("cp2k.inp", "INCAR", "KPOINTS", "POSCAR", "POTCAR.spec", "ase-sort.dat", _PAGE)
"""All files written here. Older ones are deleted first: VASP would use a left-over KPOINTS."""


def paper_calculator(
    level: LevelOfTheory | str, directory: Path, *, command: str | None = None
) -> Any:
    """ASE calculator that labels frames at the paper's level of theory.

    Parameters
    ----------
    level
        Level of theory, or the name of a system or dataset.
    directory
        Working folder of the code.
    command
        Command that starts the code; None for the one in ASE's configuration, or an installed one.

    Returns
    -------
    :
        ASE calculator. That of CP2K is also a context manager, which ends CP2K; that of HEA is
        the suite's own.

    Raises
    ------
    UsageError
        There is no such level of theory.
    ReferenceCalculatorError
        The code is not installed.
    """
    if isinstance(level, str):
        level = find_level_of_theory(level)
    if level.code == "cp2k":
        from ms25_suite.reference.level_of_theory.cp2k import Cp2kCalculator

        return Cp2kCalculator(level, directory, command=command)
    if level.code == "vasp":
        from ms25_suite.reference.level_of_theory.vasp import vasp_calculator

        return vasp_calculator(level, directory, command=command)
    import importlib

    module, _, function = level.reference.partition(":")
    return getattr(importlib.import_module(module), function)()


def write_inputs(
    level: LevelOfTheory | str, atoms: Atoms, directory: Path, *, overwrite: bool = False
) -> list[Path]:
    """Write the input files of a frame, and a page with the source of each setting.

    Neither CP2K nor VASP needs to be installed.

    Parameters
    ----------
    level
        Level of theory, or the name of a system or dataset.
    atoms
        Frame; its labels and constraints are ignored.
    directory
        Folder; made if needed.
    overwrite
        Whether to write to a folder that is not empty.

    Returns
    -------
    :
        The files.

    Raises
    ------
    UsageError
        There is no such level of theory, it cannot label the frame, or the folder is not empty or
        not writable.
    """
    if isinstance(level, str):
        level = find_level_of_theory(level)
    refuse_no_inputs(level)
    refuse_frame(level, atoms)
    _refuse_folder(directory, overwrite=overwrite)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in _INPUTS:
            (directory / name).unlink(missing_ok=True)
        if level.code == "cp2k":
            from ms25_suite.reference.level_of_theory.cp2k import cp2k_input

            path = directory / "cp2k.inp"
            path.write_text(cp2k_input(level, atoms), "utf-8")
            written = [path]
        else:
            from ms25_suite.reference.level_of_theory.vasp import write_vasp_inputs

            written = write_vasp_inputs(level, atoms, directory)
        page = directory / _PAGE
        page.write_text(_page(level, atoms, written), "utf-8")
    except OSError as error:
        msg = f"the inputs cannot be written to {directory}: {error}"
        raise UsageError(msg) from error
    return [*written, page]


def refuse_no_inputs(level: LevelOfTheory) -> None:
    """Refuse a level of theory whose labels an interatomic potential computes.

    Raises
    ------
    UsageError
        It is one; the message says how the suite computes such labels.
    """
    if level.code == "lammps":
        msg = (
            f"{level.name} has no input files: the paper's labels are those of the potential "
            f"{level.summary}, which the suite runs itself. `ms25 data build {level.member}` "
            f"makes frames with it, and {level.reference} is its calculator"
        )
        raise UsageError(msg)


def how_to_run(level: LevelOfTheory, atoms: Atoms) -> list[str]:
    """Commands, one per line, that run the code in the folder and import the labels."""
    if level.code == "cp2k":
        # psmp: MPI and OpenMP; one thread for each process avoids more threads than cores.
        run = ["OMP_NUM_THREADS=1 mpirun cp2k.psmp -i cp2k.inp -o cp2k.out"]
        source = ["cp2k.out"]
    else:
        from ms25_suite.reference.level_of_theory.vasp import potcar_names

        release = level.section("POTCAR")["RELEASE"]
        names = [f"potpaw_PBE.{release}/{name}/POTCAR" for name in potcar_names(level, atoms)]
        run = [f"(cd $VASP_PP_PATH && cat {' '.join(names)}) > POTCAR", "mpirun vasp_std"]
        # The forces of VASP are derivatives of the free energy; `energy`, extrapolated to zero
        # smearing, would not fit them.
        source = ["OUTCAR --keys energy=free_energy"]
    command = f"ms25 data import {' '.join(source)} --out labelled.extxyz"
    return [*run, f'{command} --level-of-theory "{level.summary}"']


def _refuse_folder(directory: Path, *, overwrite: bool) -> None:
    if directory.exists() and not directory.is_dir():
        msg = f"{directory} is a file: expected a folder to write the inputs to"
        raise UsageError(msg)
    if directory.is_dir() and any(directory.iterdir()) and not overwrite:
        msg = f"the folder {directory} is not empty: name another, or add --overwrite"
        raise UsageError(msg)


def _page(level: LevelOfTheory, atoms: Atoms, written: Sequence[Path]) -> str:
    """Text of the page: how to run the code, and the source of each setting."""
    what = (
        f"{atoms.symbols.formula.format('hill')}, {len(atoms)} atoms. Level of theory "
        f"`{level.member}` of ms25-suite, for {level.code.upper()}; the paper (Maxson et al., JCIM "
        f"2025) used version {level.paper_version}."
    )
    lines = [
        f"# {level.title}: {level.summary}",
        "",
        what,
        "",
        f"Files: {', '.join(path.name for path in written)}.",
        "",
        "```",
        *how_to_run(level, atoms),
        "```",
        "",
        "To import the labels of several frames together, name all their outputs.",
        "",
        f"Energy: {level.energy}.",
        "",
    ]
    if level.code == "vasp":
        release = level.section("POTCAR")["RELEASE"]
        licensed = (
            "VASP's potentials are licensed: `POTCAR.spec` has only their names, in the order of "
            f"`POSCAR`; they are those of potpaw_PBE.{release}. `ase-sort.dat` has the index in "
            "the frame, from 0, of each atom of `POSCAR`, and the reverse."
        )
        lines += [licensed, ""]
    lines.append("| setting | value | from the paper | or the suite's choice, because |")
    lines.append("| --- | --- | --- | --- |")
    for item in level.settings:
        if item.section == "POTCAR" and item.key not in {"RELEASE", *atoms.get_chemical_symbols()}:
            continue
        paper, choice = (f'"{item.source}"', "") if item.from_paper else ("", item.source)
        lines.append(f"| {item.name} | {item.value} | {paper} | {choice} |")
    return "\n".join(lines) + "\n"
