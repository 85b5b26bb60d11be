"""CP2K at the paper's levels of theory: its input, and ASE's calculator with that input.

Imported when a recipe is used, not before: it needs ASE's calculator of CP2K.

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
from ms25_suite.datasets.readers.cp2k import NOT_CONVERGED
from ms25_suite.reference.level_of_theory.settings import Recipe, refuse_frame

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Cp2kCalculator", "cp2k_command", "cp2k_input"]

_KIND: Final = "FORCE_EVAL/SUBSYS/KIND"
"""Section that CP2K wants once for each element."""

_SHELLS: Final = (
    "cp2k_shell",
    "cp2k_shell.psmp",
    "cp2k_shell.ssmp",
    "cp2k.psmp -s",
    "cp2k.ssmp -s",
)
"""Commands that start CP2K's shell, by the names that its installations have."""

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
"""Parameters for which ASE's calculator would write its own defaults into the input."""


def cp2k_command() -> str:
    """Command that starts CP2K's shell: what ASE is configured to, or the first that is installed.

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


def cp2k_input(recipe: Recipe, atoms: Atoms) -> str:
    """Complete input of a single point of CP2K.

    Parameters
    ----------
    recipe
        Level of theory.
    atoms
        Frame; its constraints are ignored.

    Raises
    ------
    UsageError
        The recipe cannot label the frame.
    """
    refuse_frame(recipe, atoms)
    root = _sections(recipe)
    for name, vector in zip("ABC", atoms.cell.array, strict=True):
        root.add_keyword("FORCE_EVAL/SUBSYS/CELL", f"{name} {_numbers(vector)}")
    root.add_keyword("FORCE_EVAL/SUBSYS/CELL", "PERIODIC XYZ")
    for symbol, position in zip(atoms.symbols, atoms.positions, strict=True):
        line = f"{symbol} {_numbers(position)}"
        root.add_keyword("FORCE_EVAL/SUBSYS/COORD", line, unique=False)
    return "\n".join([f"! {recipe.level_of_theory}", *root.write()]) + "\n"


class Cp2kCalculator(CP2K):  # type: ignore[misc]
    """ASE's calculator of CP2K with the input of a recipe, that never returns half an answer.

    CP2K runs in the background until `close` is called or the ``with`` block ends. It works in the
    given folder: ``cp2k.inp`` and ``cp2k.out`` are there.

    Parameters
    ----------
    recipe
        Level of theory.
    directory
        Folder to work in; made if needed.
    command
        Command that starts CP2K's shell; None for `cp2k_command`.

    Raises
    ------
    ReferenceCalculatorError
        CP2K is not installed or cannot be started.
    """

    def __init__(self, recipe: Recipe, directory: Path, *, command: str | None = None) -> None:
        self._shell = None  # ASE asks for it when this is deleted, however far it came
        shell = cp2k_command() if command is None else command
        directory.mkdir(parents=True, exist_ok=True)
        self._recipe = recipe
        self._output = directory / "cp2k.out"
        project = recipe.section("GLOBAL")["PROJECT"]
        template = [
            line for line in _sections(recipe).write() if line.split() != ["PROJECT", project]
        ]
        try:
            # In the folder itself: CP2K cuts long paths. ASE writes all files through the shell.
            super().__init__(
                command=f"cd {shlex.quote(str(directory.resolve()))} && {shell}",
                label=str(project),
                inp="\n".join(template),
                stress_tensor=False,  # the input asks for it
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
            The recipe cannot label the frame.
        ReferenceCalculatorError
            CP2K ended, or did not converge.
        """
        refuse_frame(self._recipe, self.atoms if atoms is None else atoms)
        seen = self._output.stat().st_size if self._output.is_file() else 0
        try:
            super().calculate(atoms, properties, system_changes)
        except (AssertionError, OSError, RuntimeError, ValueError) as error:
            self.results = dict[str, Any]()
            msg = f"CP2K ended before it had an answer; the end of {self._output} says why"
            raise ReferenceCalculatorError(msg) from error
        # Versions before 2024 go on with whatever energy they have reached.
        text = self._output.read_text("utf-8", "replace")[seen:]
        if any(words in text for words in NOT_CONVERGED):
            self.results = {}
            msg = f"the electrons did not converge: see {self._output}"
            raise ReferenceCalculatorError(msg)


def _sections(recipe: Recipe) -> InputSection:
    """Tree of the input without cell and coordinates."""
    root = InputSection("CP2K_INPUT")
    for item in recipe.settings:
        if item.section != _KIND:
            root.add_keyword(item.section, f"{item.key} {_text(item.value)}")
    subsystem = root.get_subsection("FORCE_EVAL/SUBSYS")
    for element in recipe.elements:
        kind = InputSection("KIND", params=element)
        kind.keywords = [f"{key} {_text(value)}" for key, value in recipe.section(_KIND).items()]
        subsystem.subsections.append(kind)
    return root


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    return str(value)


def _numbers(vector: Any) -> str:
    return " ".join(f"{value:.16f}" for value in np.asarray(vector, dtype=np.float64))
