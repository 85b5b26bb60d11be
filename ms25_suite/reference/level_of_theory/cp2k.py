"""CP2K at the paper's levels of theory: its input, and ASE's calculator with that input.

It needs ASE's calculator of CP2K: `inputs` imports it only when it is used.

References
----------
T. D. Kühne et al., J. Chem. Phys. 152, 194103 (2020): CP2K.
"""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from ase.calculators.calculator import all_changes
from ase.calculators.cp2k import CP2K, InputSection

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.datasets.formats.cp2k import NOT_CONVERGED
from ms25_suite.reference.level_of_theory.settings import LevelOfTheory, refuse_frame

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Cp2kCalculator", "cp2k_command", "cp2k_input"]

_KIND: Final = "FORCE_EVAL/SUBSYS/KIND"
"""Section of CP2K's input that is repeated for each element."""

_SHELLS: Final = (
    "cp2k_shell",
    "cp2k_shell.psmp",
    "cp2k_shell.ssmp",
    "cp2k.psmp -s",
    "cp2k.ssmp -s",
)
"""Commands that start CP2K's shell, in the names of various installations."""

_LEFT_TO_THE_INPUT: Final = dict.fromkeys(
    (
        "basis_set",
        "basis_set_file",
        "cutoff",
        "force_eval_method",
        "max_scf",
        "poisson_solver",
        "potential_file",
        "print_level",
        "pseudo_potential",
        "xc",
    )
)
"""Parameters of ASE's calculator; None keeps its defaults out of the input."""


def cp2k_command() -> str:
    """Command that starts CP2K's shell: from ASE's configuration, or the first installed one.

    Raises
    ------
    ReferenceCalculatorError
        There is none.
    """
    from ase.config import cfg

    configured = os.environ.get("ASE_CP2K_COMMAND") or cfg.parser.get(
        "cp2k", "cp2k_shell", fallback=None
    )
    if configured:
        return str(configured)
    for command in _SHELLS:
        if shutil.which(command.split()[0]) is not None:
            return command
    msg = (
        "this level of theory needs CP2K, and none of its commands was found "
        f"({', '.join(_SHELLS)}). Install it (Debian: apt-get install cp2k cp2k-data), or name its "
        "shell in the environment variable ASE_CP2K_COMMAND"
    )
    raise ReferenceCalculatorError(msg)


def cp2k_input(level: LevelOfTheory, atoms: Atoms) -> str:
    """Write the complete input of a single-point calculation of CP2K.

    Parameters
    ----------
    level
        Level of theory.
    atoms
        Frame; its constraints are ignored.

    Raises
    ------
    UsageError
        The frame cannot be labelled at this level of theory.
    """
    refuse_frame(level, atoms)
    root = _sections(level)
    # Vectors, not lengths and angles: the orientation of the cell must be that of the positions.
    for name, vector in zip("ABC", atoms.cell.array, strict=True):
        root.add_keyword("FORCE_EVAL/SUBSYS/CELL", f"{name} {_numbers(vector)}")
    root.add_keyword("FORCE_EVAL/SUBSYS/CELL", "PERIODIC XYZ")
    for symbol, position in zip(atoms.symbols, atoms.positions, strict=True):
        line = f"{symbol} {_numbers(position)}"
        root.add_keyword("FORCE_EVAL/SUBSYS/COORD", line, unique=False)
    return "\n".join([f"! {level.summary}", *root.write()]) + "\n"


class Cp2kCalculator(CP2K):  # type: ignore[misc]
    """ASE's calculator of CP2K with the paper's input, which returns converged results or raises.

    CP2K runs in the background until `close` is called or the ``with`` block ends. Its files
    ``cp2k.inp`` and ``cp2k.out`` are in the given folder.

    Parameters
    ----------
    level
        Level of theory.
    directory
        Working folder; created if needed.
    command
        Command that starts CP2K's shell; None for `cp2k_command`.

    Raises
    ------
    ReferenceCalculatorError
        CP2K is not installed or cannot be started.
    """

    def __init__(
        self, level: LevelOfTheory, directory: Path, *, command: str | None = None
    ) -> None:
        self._shell = None  # ASE reads it when the object is deleted, even if this method failed
        shell = cp2k_command() if command is None else command
        directory.mkdir(parents=True, exist_ok=True)
        self._level = level
        self._output = directory / "cp2k.out"
        # ASE writes PROJECT itself (its `label`), and refuses a keyword that is there already.
        project = level.section("GLOBAL")["PROJECT"]
        template = [
            line for line in _sections(level).write() if line.split() != ["PROJECT", project]
        ]
        try:
            # In the folder itself: CP2K truncates long paths. ASE writes files through the shell.
            super().__init__(
                command=f"cd {shlex.quote(str(directory.resolve()))} && {shell}",
                label=str(project),
                inp="\n".join(template),
                stress_tensor=False,  # the input already requests it
                **_LEFT_TO_THE_INPUT,
            )
        except (AssertionError, OSError, RuntimeError, ValueError) as error:
            msg = f"CP2K could not be started with {shell!r}: {error or 'it ended at once'}"
            raise ReferenceCalculatorError(msg) from error

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        """Energy (eV), forces (eV/Å) and stress (eV/Å^3) of one frame.

        Raises
        ------
        UsageError
            The frame cannot be labelled at this level of theory.
        ReferenceCalculatorError
            CP2K ended, or did not converge.
        """
        refuse_frame(self._level, self.atoms if atoms is None else atoms)
        # One process of CP2K appends the output of all frames: look only at what this frame adds.
        seen = self._output.stat().st_size if self._output.is_file() else 0
        try:
            super().calculate(atoms, properties, system_changes)
        except (AssertionError, OSError, RuntimeError, ValueError) as error:
            self.results = dict[str, Any]()
            msg = f"CP2K ended without a result; see the end of {self._output}"
            raise ReferenceCalculatorError(msg) from error
        # Versions before 2024 only warn, and return the energy of the last step.
        text = self._output.read_text("utf-8", "replace")[seen:]
        if any(words in text for words in NOT_CONVERGED):
            self.results = {}
            msg = f"the electrons did not converge: see {self._output}"
            raise ReferenceCalculatorError(msg)


def _sections(level: LevelOfTheory) -> InputSection:
    """Tree of the input without cell and coordinates."""
    root = InputSection("CP2K_INPUT")
    for item in level.settings:
        if item.section != _KIND:
            root.add_keyword(item.section, f"{item.key} {_text(item.value)}")
    subsystem = root.get_subsection("FORCE_EVAL/SUBSYS")
    for element in level.elements:
        kind = InputSection("KIND", params=element)
        kind.keywords = [f"{key} {_text(value)}" for key, value in level.section(_KIND).items()]
        subsystem.subsections.append(kind)
    return root


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    return str(value)


def _numbers(vector: Any) -> str:
    # 16 decimals: CP2K must not see positions other than those that are stored.
    return " ".join(f"{value:.16f}" for value in np.asarray(vector, dtype=np.float64))
