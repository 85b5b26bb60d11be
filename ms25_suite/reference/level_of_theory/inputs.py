"""Inputs of the paper's levels of theory for a frame, and calculators with the same settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.errors import UsageError
from ms25_suite.reference.level_of_theory.settings import Recipe, find_recipe, refuse_frame

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["how_to_run", "paper_calculator", "refuse_no_inputs", "write_inputs"]

_PAGE: Final = "README.md"

_INPUTS: Final = ("cp2k.inp", "INCAR", "KPOINTS", "POSCAR", "POTCAR.spec", "ase-sort.dat", _PAGE)
"""All that is written here. What an earlier recipe left goes: VASP would use its KPOINTS."""


def paper_calculator(recipe: Recipe | str, directory: Path, *, command: str | None = None) -> Any:
    """ASE calculator that labels frames at the paper's level of theory.

    Parameters
    ----------
    recipe
        Recipe, or the name of a system or dataset.
    directory
        Folder in which the code works.
    command
        Command that starts the code; None for what ASE is configured to or is installed.

    Returns
    -------
    :
        For CP2K a context manager, which ends CP2K; for HEA the suite's own calculator.

    Raises
    ------
    UsageError
        There is no such recipe.
    ReferenceCalculatorError
        The code is not installed.
    """
    if isinstance(recipe, str):
        recipe = find_recipe(recipe)
    if recipe.code == "cp2k":
        from ms25_suite.reference.level_of_theory.cp2k import Cp2kCalculator

        return Cp2kCalculator(recipe, directory, command=command)
    if recipe.code == "vasp":
        from ms25_suite.reference.level_of_theory.vasp import vasp_calculator

        return vasp_calculator(recipe, directory, command=command)
    import importlib

    module, _, function = recipe.reference.partition(":")
    return getattr(importlib.import_module(module), function)()


def write_inputs(
    recipe: Recipe | str, atoms: Atoms, directory: Path, *, overwrite: bool = False
) -> list[Path]:
    """Write the inputs of a frame, and a page on where each setting comes from.

    Neither CP2K nor VASP needs to be installed.

    Parameters
    ----------
    recipe
        Recipe, or the name of a system or dataset.
    atoms
        Frame; its labels and constraints are ignored.
    directory
        Folder; made if needed.
    overwrite
        Whether a folder that is not empty may be written to.

    Returns
    -------
    :
        The files.

    Raises
    ------
    UsageError
        There is no such recipe, it cannot label the frame, or the folder is not empty or cannot
        be written.
    """
    if isinstance(recipe, str):
        recipe = find_recipe(recipe)
    refuse_no_inputs(recipe)
    refuse_frame(recipe, atoms)
    _refuse_folder(directory, overwrite=overwrite)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in _INPUTS:
            (directory / name).unlink(missing_ok=True)
        if recipe.code == "cp2k":
            from ms25_suite.reference.level_of_theory.cp2k import cp2k_input

            path = directory / "cp2k.inp"
            path.write_text(cp2k_input(recipe, atoms), "utf-8")
            written = [path]
        else:
            from ms25_suite.reference.level_of_theory.vasp import write_vasp_inputs

            written = write_vasp_inputs(recipe, atoms, directory)
        page = directory / _PAGE
        page.write_text(_page(recipe, atoms, written), "utf-8")
    except OSError as error:
        msg = f"the inputs cannot be written to {directory}: {error}"
        raise UsageError(msg) from error
    return [*written, page]


def refuse_no_inputs(recipe: Recipe) -> None:
    """Refuse a recipe of labels that are those of a potential.

    Raises
    ------
    UsageError
        It is one; the message says how the suite makes such labels.
    """
    if recipe.code == "lammps":
        msg = (
            f"{recipe.name} has no inputs: the paper's labels are those of the potential "
            f"{recipe.level_of_theory}, which the suite runs itself. `ms25 data build "
            f"{recipe.member}` makes frames with it, and {recipe.reference} is its calculator"
        )
        raise UsageError(msg)


def how_to_run(recipe: Recipe, atoms: Atoms) -> list[str]:
    """Commands, one a line, that run the inputs in their folder and import the labels."""
    if recipe.code == "cp2k":
        run = ["OMP_NUM_THREADS=1 mpirun cp2k.psmp -i cp2k.inp -o cp2k.out"]
        source = ["cp2k.out"]
    else:
        from ms25_suite.reference.level_of_theory.vasp import potcar_names

        release = recipe.section("POTCAR")["RELEASE"]
        names = [f"potpaw_PBE.{release}/{name}/POTCAR" for name in potcar_names(recipe, atoms)]
        run = [f"(cd $VASP_PP_PATH && cat {' '.join(names)}) > POTCAR", "mpirun vasp_std"]
        source = ["OUTCAR --keys energy=free_energy"]
    level = recipe.level_of_theory
    return [
        *run,
        f'ms25 data import {" ".join(source)} --out labelled.extxyz --level-of-theory "{level}"',
    ]


def _refuse_folder(directory: Path, *, overwrite: bool) -> None:
    if directory.exists() and not directory.is_dir():
        msg = f"{directory} is a file: expected a folder to write the inputs to"
        raise UsageError(msg)
    if directory.is_dir() and any(directory.iterdir()) and not overwrite:
        msg = f"the folder {directory} is not empty: name another, or add --overwrite"
        raise UsageError(msg)


def _page(recipe: Recipe, atoms: Atoms, written: Sequence[Path]) -> str:
    """Page beside the inputs: how to run them, and the source of each setting."""
    what = (
        f"{atoms.symbols.formula.format('hill')}, {len(atoms)} atoms. Recipe `{recipe.member}` of "
        f"ms25-suite, for {recipe.code.upper()}; the paper (Maxson et al., JCIM 2025) used version "
        f"{recipe.paper_version}."
    )
    lines = [
        f"# {recipe.title}: {recipe.level_of_theory}",
        "",
        what,
        "",
        f"Files: {', '.join(path.name for path in written)}.",
        "",
        "```",
        *how_to_run(recipe, atoms),
        "```",
        "",
        "The labels of several frames are imported together: name all their outputs.",
        "",
        f"Energy: {recipe.energy}.",
        "",
    ]
    if recipe.code == "vasp":
        release = recipe.section("POTCAR")["RELEASE"]
        licensed = (
            "VASP's potentials are licensed: `POTCAR.spec` has their names, in the order of "
            f"`POSCAR`; they are those of potpaw_PBE.{release}. `ase-sort.dat` has the number in "
            "the frame, from 0, of each atom of `POSCAR`, and the reverse."
        )
        lines += [licensed, ""]
    lines.append("| setting | value | from the paper | or the suite's choice, because |")
    lines.append("| --- | --- | --- | --- |")
    for item in recipe.settings:
        if item.section == "POTCAR" and item.key not in {"RELEASE", *atoms.get_chemical_symbols()}:
            continue
        paper, choice = (f'"{item.source}"', "") if item.from_paper else ("", item.source)
        lines.append(f"| {item.name} | {item.value} | {paper} | {choice} |")
    return "\n".join(lines) + "\n"
