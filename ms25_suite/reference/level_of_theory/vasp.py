"""VASP at the paper's levels of theory: its input files, and ASE's calculator with the same.

The files are written without VASP and without its potentials, which are licensed: of the POTCAR
only the names are written.

References
----------
G. Kresse and J. Furthmüller, Phys. Rev. B 54, 11169 (1996): VASP.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.reference.level_of_theory.settings import Recipe, refuse_frame

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.vasp import Vasp

__all__ = ["potcar_names", "vasp_calculator", "write_vasp_inputs"]


def potcar_names(recipe: Recipe, atoms: Atoms) -> list[str]:
    """Folders of the potentials, in the order of the elements in POSCAR."""
    table = recipe.section("POTCAR")
    return [str(table[symbol]) for symbol in _elements(atoms)]


def write_vasp_inputs(recipe: Recipe, atoms: Atoms, directory: Path) -> list[Path]:
    """Write ``INCAR``, ``POSCAR``, ``POTCAR.spec``, ``ase-sort.dat`` and, if any, ``KPOINTS``.

    The atoms of an element stand together in ``POSCAR``; ``ase-sort.dat`` has, in ASE's format, the
    number in the frame of each atom of ``POSCAR``, and the reverse.

    Parameters
    ----------
    recipe
        Level of theory.
    atoms
        Frame; its constraints are ignored.
    directory
        Folder, which exists.

    Returns
    -------
    :
        The files.

    Raises
    ------
    UsageError
        The recipe cannot label the frame.
    """
    from ase.calculators.vasp.create_input import format_kpoints
    from ase.io.vasp import write_vasp
    from ase.io.vasp_parsers.incar_writer import write_incar

    refuse_frame(recipe, atoms)
    elements = _elements(atoms)
    order = np.concatenate([np.flatnonzero(atoms.symbols == element) for element in elements])
    write_incar(
        str(directory),
        {key: _incar(value) for key, value in recipe.section("INCAR").items()},
        header=f"SYSTEM = {recipe.level_of_theory}",
    )
    write_vasp(directory / "POSCAR", atoms[order], ignore_constraints=True)
    names = potcar_names(recipe, atoms)
    (directory / "POTCAR.spec").write_text("".join(f"{name}\n" for name in names))
    back = np.argsort(order)
    (directory / "ase-sort.dat").write_text(
        "".join(f"{one:5d} {two:5d} \n" for one, two in zip(order, back, strict=True))
    )
    written = [directory / name for name in ("INCAR", "POSCAR", "POTCAR.spec", "ase-sort.dat")]
    mesh = recipe.section("KPOINTS")
    if mesh:
        text = format_kpoints(mesh["GRID"], atoms, gamma=mesh["CENTRING"] == "Gamma")
        (directory / "KPOINTS").write_text(text)
        written.insert(1, directory / "KPOINTS")
    return written


def vasp_calculator(recipe: Recipe, directory: Path, *, command: str | None = None) -> Vasp:
    """ASE's calculator of VASP with the settings of a recipe.

    It needs what ASE needs to run VASP: a command (``ASE_VASP_COMMAND``) and the folder of the
    potentials (``VASP_PP_PATH``), in which it looks for ``potpaw_PBE.54`` or ``potpaw_PBE.52``, as
    the recipe says. Its ``energy`` is extrapolated to zero smearing; its ``free_energy`` is the
    one whose derivative the forces are.

    Parameters
    ----------
    recipe
        Level of theory.
    directory
        Folder to work in.
    command
        Command that starts VASP; None for what ASE is configured to.
    """
    from ase.calculators.vasp import Vasp

    potentials = recipe.section("POTCAR")
    release = potentials.pop("RELEASE")
    parameters: dict[str, Any] = {
        key.lower(): value for key, value in recipe.section("INCAR").items()
    }
    mesh = recipe.section("KPOINTS")
    if mesh:
        parameters |= {"kpts": mesh["GRID"], "gamma": mesh["CENTRING"] == "Gamma"}
    return Vasp(
        directory=str(directory),
        command=command,
        pp="PBE",
        pp_version=release,
        setups={
            element: name.removeprefix(element)
            for element, name in potentials.items()
            if name != element
        },
        ignore_constraints=True,
        **parameters,
    )


def _elements(atoms: Atoms) -> list[str]:
    """Elements in the order in which they come first, as ASE's calculator has them."""
    return list(dict.fromkeys(atoms.get_chemical_symbols()))


def _incar(value: Any) -> str:
    if isinstance(value, bool):
        return ".TRUE." if value else ".FALSE."
    return f"{value:g}" if isinstance(value, float) else str(value)
