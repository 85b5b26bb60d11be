"""``ms25 data recipe``: input files for a frame at the paper's level of theory."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ms25_suite.core.errors import UsageError
from ms25_suite.core.text.shown import shown

if TYPE_CHECKING:
    from ase import Atoms

    from ms25_suite.reference.level_of_theory.settings import LevelOfTheory

__all__ = ["add_parser", "run_recipe"]


def add_parser(commands: Any) -> None:
    """Add ``recipe`` to the commands of ``ms25 data``."""
    parser = commands.add_parser(
        "recipe",
        help="write input files of CP2K or VASP for a frame at the paper's level of theory",
    )
    parser.add_argument("name", metavar="NAME", help="system or dataset: water, mgo-4x4, cha, …")
    parser.add_argument(
        "--frame", type=int, metavar="INDEX", help="index of the frame, from 0 (default: 0)"
    )
    parser.add_argument(
        "--structure",
        type=Path,
        metavar="FILE",
        help="file to read the frame from (default: the built-in dataset)",
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: NAME-CODE-INDEX")
    parser.add_argument("--code", metavar="CODE", help="cp2k or vasp (default: the paper's)")
    parser.add_argument(
        "--overwrite", action="store_true", help="write to a folder that is not empty"
    )


def run_recipe(args: argparse.Namespace) -> int:
    """Carry out ``ms25 data recipe``.

    Raises
    ------
    UsageError
        There is no such level of theory or frame, or the folder is not empty.
    DatasetError
        The file of the frame cannot be read.
    """
    from ms25_suite.reference.level_of_theory.inputs import (
        how_to_run,
        refuse_no_inputs,
        write_inputs,
    )
    from ms25_suite.reference.level_of_theory.settings import find_level_of_theory

    level = find_level_of_theory(args.name)
    _refuse_code(level, args.code)
    index = 0 if args.frame is None else args.frame
    if index < 0:
        msg = f"expected --frame to be at least 0, got {index}"
        raise UsageError(msg)
    refuse_no_inputs(level)
    atoms = _frame(level, args.structure, index)
    out = args.out if args.out is not None else Path(f"{level.member}-{level.code}-{index}")
    written = write_inputs(level, atoms, out, overwrite=args.overwrite)
    choices = sum(not item.from_paper for item in level.settings)
    print(f"{level.title}: {level.summary}")
    print(f"{atoms.symbols.formula.format('hill')}, {len(atoms)} atoms")
    print(shown(f"wrote {out}: {', '.join(path.name for path in written)}"))
    print(
        f"{len(level.settings) - choices} settings are the paper's, {choices} the suite's choice: "
        f"see {written[-1]} for their sources"
    )
    print("run it:")
    for command in (f"cd {shlex.quote(str(out))}", *how_to_run(level, atoms)):
        print(f"    {command}")
    return 0


def _refuse_code(level: LevelOfTheory, code: str | None) -> None:
    if code is not None and code.lower() != level.code:
        msg = (
            f"expected --code={level.code} for {level.name}, got {code!r}: the paper computed "
            f"these labels with {level.code.upper()} {level.paper_version}".rstrip()
        )
        raise UsageError(msg)


def _frame(level: LevelOfTheory, structure: Path | None, index: int) -> Atoms:
    from ms25_suite.datasets import open_dataset
    from ms25_suite.datasets.readers.files import read_images
    from ms25_suite.datasets.registry import builtin_card
    from ms25_suite.datasets.tiers import MINI

    if structure is not None:
        n_frames = 0
        # One after the other: a trajectory may not fit into the memory.
        for atoms in read_images(structure, any_format=True):
            if n_frames == index:
                return atoms
            n_frames += 1
        raise _no_frame(index, n_frames, str(structure))
    if builtin_card(level.member) is None:
        msg = (
            f"there is no built-in dataset {level.member} to take a frame from: "
            "give a file by --structure=FILE"
        )
        raise UsageError(msg)
    frames = open_dataset(level.member, tier=MINI).frames
    if index >= len(frames):
        raise _no_frame(index, len(frames), level.member)
    return frames.atoms(index)


def _no_frame(index: int, n_frames: int, where: str) -> UsageError:
    msg = f"expected --frame to be below {n_frames}, the number of frames of {where}, got {index}"
    return UsageError(msg)
