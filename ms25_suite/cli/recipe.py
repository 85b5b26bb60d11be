"""``ms25 data recipe``: inputs that reproduce the paper's level of theory for a frame."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ms25_suite.core.errors import UsageError

if TYPE_CHECKING:
    from ase import Atoms

    from ms25_suite.reference.level_of_theory.settings import Recipe

__all__ = ["add_parser", "run_recipe"]


def add_parser(commands: Any) -> None:
    """Add ``recipe`` to the commands of ``ms25 data``."""
    parser = commands.add_parser(
        "recipe", help="write inputs of CP2K or VASP at the paper's level of theory for a frame"
    )
    parser.add_argument("name", metavar="NAME", help="system or dataset: water, mgo-4x4, cha, …")
    parser.add_argument(
        "--frame", type=int, metavar="INDEX", help="frame, counted from 0 (default: 0)"
    )
    parser.add_argument(
        "--structure",
        type=Path,
        metavar="FILE",
        help="take the frame from this file (default: the built-in dataset)",
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: NAME-CODE-INDEX")
    parser.add_argument("--code", metavar="CODE", help="cp2k or vasp (default: the paper's)")
    parser.add_argument("--overwrite", action="store_true", help="write to a folder with files")


def run_recipe(args: argparse.Namespace) -> int:
    """Carry out ``ms25 data recipe``.

    Raises
    ------
    UsageError
        There is no such recipe or frame, or the folder is not empty.
    DatasetError
        The file of the frame cannot be read.
    """
    from ms25_suite.reference.level_of_theory.inputs import (
        how_to_run,
        refuse_no_inputs,
        write_inputs,
    )
    from ms25_suite.reference.level_of_theory.settings import find_recipe

    recipe = find_recipe(args.name)
    _refuse_code(recipe, args.code)
    index = 0 if args.frame is None else args.frame
    if index < 0:
        msg = f"expected --frame to be at least 0, got {index}"
        raise UsageError(msg)
    refuse_no_inputs(recipe)
    atoms = _frame(recipe, args.structure, index)
    out = args.out if args.out is not None else Path(f"{recipe.member}-{recipe.code}-{index}")
    written = write_inputs(recipe, atoms, out, overwrite=args.overwrite)
    choices = sum(not item.from_paper for item in recipe.settings)
    print(f"{recipe.title}: {recipe.level_of_theory}")
    print(f"{atoms.symbols.formula.format('hill')}, {len(atoms)} atoms")
    print(f"wrote {out}: {', '.join(path.name for path in written)}")
    print(
        f"{len(recipe.settings) - choices} settings are the paper's, {choices} the suite's choice: "
        f"{written[-1]} says which and why"
    )
    print("run it:")
    for command in (f"cd {shlex.quote(str(out))}", *how_to_run(recipe, atoms)):
        print(f"    {command}")
    return 0


def _refuse_code(recipe: Recipe, code: str | None) -> None:
    if code is not None and code.lower() != recipe.code:
        msg = (
            f"expected --code={recipe.code} for {recipe.name}, got {code!r}: the paper computed "
            f"these labels with {recipe.code.upper()} {recipe.paper_version}".rstrip()
        )
        raise UsageError(msg)


def _frame(recipe: Recipe, structure: Path | None, index: int) -> Atoms:
    from ms25_suite.datasets import open_dataset
    from ms25_suite.datasets.readers.files import read_images
    from ms25_suite.datasets.registry import builtin_card

    if structure is not None:
        n_frames = 0
        for atoms in read_images(structure, any_format=True):
            if n_frames == index:
                return atoms
            n_frames += 1
        raise _no_frame(index, n_frames, str(structure))
    if builtin_card(recipe.member) is None:
        msg = (
            f"there is no built-in dataset {recipe.member} to take a frame from: "
            "name a file, --structure=FILE"
        )
        raise UsageError(msg)
    frames = open_dataset(recipe.member).frames
    if index >= len(frames):
        raise _no_frame(index, len(frames), recipe.member)
    return frames.atoms(index)


def _no_frame(index: int, n_frames: int, where: str) -> UsageError:
    msg = f"{where} has {n_frames} frames, counted from 0: expected --frame below that, got {index}"
    return UsageError(msg)
