"""VASP at the paper's levels of theory: its input files, and ASE's calculator with these settings.

Writing the files needs neither VASP nor its licensed potentials: only the names of the potentials
are written.

References
----------
G. Kresse and J. Furthmüller, Phys. Rev. B 54, 11169 (1996): VASP.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.reference.level_of_theory.settings import LevelOfTheory, refuse_frame

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.vasp import Vasp

__all__ = ["potcar_names", "vasp_calculator", "write_vasp_inputs"]


def potcar_names(level: LevelOfTheory, atoms: Atoms) -> list[str]:
    """Folders of the potentials, in the order of the elements in POSCAR."""
    table = level.section("POTCAR")
    return [str(table[symbol]) for symbol in _elements(atoms)]


def write_vasp_inputs(level: LevelOfTheory, atoms: Atoms, directory: Path) -> list[Path]:
    """Write ``INCAR``, ``POSCAR``, ``POTCAR.spec``, ``ase-sort.dat`` and, if any, ``KPOINTS``.

    Atoms are grouped by element in ``POSCAR``. ``ase-sort.dat`` contains, in ASE's format, the
    index in the frame of each atom of ``POSCAR``, and the reverse.

    Parameters
    ----------
    level
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
        The frame cannot be labelled at this level of theory.
    """
    from ase.calculators.vasp.create_input import format_kpoints
    from ase.io.vasp import write_vasp
    from ase.io.vasp_parsers.incar_writer import write_incar

    refuse_frame(level, atoms)
    elements = _elements(atoms)
    # POSCAR lists atoms by element, in the order of the potentials in POTCAR.
    order = np.concatenate([np.flatnonzero(atoms.symbols == element) for element in elements])
    write_incar(
        str(directory),
        {key: _incar(value) for key, value in level.section("INCAR").items()},
        header=f"SYSTEM = {level.summary}",
    )
    write_vasp(directory / "POSCAR", atoms[order], ignore_constraints=True)
    names = potcar_names(level, atoms)
    (directory / "POTCAR.spec").write_text("".join(f"{name}\n" for name in names))
    back = np.argsort(order)
    (directory / "ase-sort.dat").write_text(
        "".join(f"{one:5d} {two:5d} \n" for one, two in zip(order, back, strict=True))
    )
    written = [directory / name for name in ("INCAR", "POSCAR", "POTCAR.spec", "ase-sort.dat")]
    mesh = level.section("KPOINTS")
    if mesh:
        text = format_kpoints(mesh["GRID"], atoms, gamma=mesh["CENTRING"] == "Gamma")
        (directory / "KPOINTS").write_text(text)
        written.insert(1, directory / "KPOINTS")
    return written


def vasp_calculator(level: LevelOfTheory, directory: Path, *, command: str | None = None) -> Vasp:
    """ASE's calculator of VASP with the settings of a level of theory.

    It requires what ASE needs to run VASP: a command (``ASE_VASP_COMMAND``) and the folder of the
    potentials (``VASP_PP_PATH``), in which it looks for ``potpaw_PBE.54`` or ``potpaw_PBE.52``,
    depending on the settings. Its ``energy`` is extrapolated to zero smearing; the forces are the
    derivative of its ``free_energy``.

    Parameters
    ----------
    level
        Level of theory.
    directory
        Working folder.
    command
        Command that starts VASP; None for the one in ASE's configuration.
    """
    from ase.calculators.vasp import Vasp

    potentials = level.section("POTCAR")
    release = potentials.pop("RELEASE")
    parameters: dict[str, Any] = {
        key.lower(): value for key, value in level.section("INCAR").items()
    }
    mesh = level.section("KPOINTS")
    if mesh:
        parameters |= {"kpts": mesh["GRID"], "gamma": mesh["CENTRING"] == "Gamma"}
    return Vasp(
        directory=str(directory),
        command=command,
        pp="PBE",
        pp_version=release,
        # ASE appends a setup to the symbol: "_sv" for Zr makes Zr_sv.
        setups={
            element: name.removeprefix(element)
            for element, name in potentials.items()
            if name != element
        },
        ignore_constraints=True,
        **parameters,
    )


def _elements(atoms: Atoms) -> list[str]:
    """Elements in the order of their first atom, as in ASE's calculator."""
    return list(dict.fromkeys(atoms.get_chemical_symbols()))


def _incar(value: Any) -> str:
    if isinstance(value, bool):
        return ".TRUE." if value else ".FALSE."
    return f"{value:g}" if isinstance(value, float) else str(value)
