"""Values of options as they are written on the command line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from ms25_suite.core.documents.files import user_path
from ms25_suite.core.errors import Ms25Error, UsageError
from ms25_suite.core.fields import ENSEMBLES, Ensemble
from ms25_suite.criteria.retention.lineage import is_same
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.datasets.registry import expand
from ms25_suite.datasets.tiers import Tier
from ms25_suite.metrics.training_rate import MIN_SIZES
from ms25_suite.potentials.spec import PotentialSpec, parse_spec, same_file

__all__ = [
    "MOST",
    "NO_PAIR_STYLE",
    "atom_numbers",
    "ensembles",
    "lammps_executable",
    "parent_of",
    "relative",
    "retention_data",
    "same_as",
    "species",
    "train_sizes",
    "writable_file",
    "writable_folder",
]

MOST: Final[Mapping[str, float]] = {
    "workers": 1024,
    "batch_atoms": 100_000_000,
    "worker_timeout": 1e8,
    "neb_steps": 2**31 - 1,
    "md_steps": 2**31 - 1,
    "throughput_steps": 2**31 - 1,
    "seed": 2**32 - 1,
}
"""Largest values of options, by name: three years in seconds, what LAMMPS counts to, and the
largest seed of NumPy."""

_MOST_ATOMS: Final = 100_000_000

NO_PAIR_STYLE: Final = "none"
"""What ``--lammps`` takes instead of a path to leave pair styles alone."""


def train_sizes(text: str | None) -> tuple[int, ...]:
    """Training sizes of the command line, ascending; empty if none were given.

    Raises
    ------
    UsageError
        They are not whole numbers, are repeated, or are too few for a rate.
    """
    if text is None:
        return ()
    sizes = _whole_numbers(text, "--train-sizes", "50,100,200")
    if len(set(sizes)) < len(sizes):
        msg = f"--train-sizes={text}: each size is trained once, so none may be repeated"
        raise UsageError(msg)
    if len(sizes) < MIN_SIZES or min(sizes) < 1:
        msg = f"--train-sizes={text}: expected at least {MIN_SIZES} sizes, each of 1 or more frames"
        raise UsageError(msg)
    return tuple(sorted(sizes))


def _whole_numbers(text: str, option: str, example: str) -> list[int]:
    words = [word.strip() for word in text.split(",")]
    # `int` also takes underscores and digits of other scripts.
    if not all(re.fullmatch("[+-]?[0-9]{1,18}", word) for word in words):
        msg = f"{option}={text[:200]}: expected whole numbers joined by commas, such as {example}"
        raise UsageError(msg)
    return [int(word) for word in words]


def lammps_executable(text: str | None) -> Path | None:
    """The user's LAMMPS executable, checked to run; None if none is named.

    Raises
    ------
    Ms25Error
        It is missing, not LAMMPS, or does not start.
    """
    if text is None or text == NO_PAIR_STYLE:
        return None
    from ms25_suite.lammps.executable.build import executable_build

    # Its absolute path: a mere name is looked for on the search path.
    return Path(executable_build(Path(text).expanduser()).source)


def atom_numbers(text: str | None) -> tuple[int, ...]:
    """Numbers of atoms of the command line, ascending; empty if none were given.

    Raises
    ------
    UsageError
        They are not whole numbers of at least 1, or are repeated.
    """
    if text is None:
        return ()
    sizes = _whole_numbers(text, "--throughput-atoms", "500,2000,8000")
    if not 1 <= min(sizes) <= max(sizes) <= _MOST_ATOMS or len(set(sizes)) < len(sizes):
        msg = (
            f"--throughput-atoms={text}: expected different numbers of atoms, each from 1 to "
            f"{_MOST_ATOMS}"
        )
        raise UsageError(msg)
    return tuple(sorted(sizes))


def ensembles(text: str) -> tuple[Ensemble, ...]:
    """Ensembles of the command line, in the order of the suite.

    Raises
    ------
    UsageError
        One is not known, or none is named.
    """
    names = [name.strip().lower() for name in text.split(",")]
    if not set(names) <= set(ENSEMBLES):
        known = ", ".join(ENSEMBLES)
        msg = f"--md-ensembles={text}: expected one or more of {known}, joined by commas"
        raise UsageError(msg)
    return tuple(name for name in ENSEMBLES if name in names)


def same_as(text: str | None, potentials: Sequence[PotentialSpec]) -> PotentialSpec | None:
    """Potential of ``--same-as``; None if none is named.

    Raises
    ------
    Ms25Error
        It cannot be parsed, is no potential, or is one of those that it is compared with.
    """
    if text is None:
        return None
    option = "--same-as"
    spec = parse_spec(text, option)
    if spec.kind == "baseline":
        msg = f"{option}={text}: the baseline is not a potential, so that none ought to be it"
        raise UsageError(msg)
    for potential in potentials:
        if potential.text == text or same_file(potential, spec):
            msg = (
                f"{option}={text} is --mlip={potential.text} itself: expected another file, such "
                "as the one before an upgrade, or a calculator"
            )
            raise UsageError(msg)
    return spec


def relative(option: str, text: str | None) -> PotentialSpec | None:
    """Potential that others are compared with; None if none is named.

    Parameters
    ----------
    option, text
        The option, and its value.

    Raises
    ------
    Ms25Error
        It cannot be parsed, or is no potential.
    """
    if text is None:
        return None
    spec = parse_spec(text, option)
    if spec.kind in ("baseline", "reference"):
        msg = f"{option}={text}: expected a potential that was trained, not the {spec.kind}"
        raise UsageError(msg)
    return spec


def parent_of(text: str | None, potentials: Sequence[PotentialSpec]) -> PotentialSpec | None:
    """Potential of ``--ms25-parent``; None if none is named.

    Raises
    ------
    Ms25Error
        It cannot be parsed, is no potential, or no other potential is there to be its child.
    """
    option = "--ms25-parent"
    spec = relative(option, text)
    if spec is not None and all(is_same(one, spec) for one in potentials):
        msg = (
            f"{option}={text} is --mlip={text} itself: expected the model that it was fine-tuned "
            "from"
        )
        raise UsageError(msg)
    return spec


def retention_data(
    texts: Sequence[str], tier: Tier, tuned_for: Iterable[Dataset]
) -> tuple[str, ...]:
    """Datasets of ``--ms25-retention-data``, each of which can be opened.

    Parameters
    ----------
    texts
        Names, also several in one text with commas between them.
    tier
        What names mean.
    tuned_for
        Datasets of ``--dataset``.

    Raises
    ------
    UsageError
        One cannot be opened, or is one of ``--dataset``.
    """
    own = {dataset.sha256 for dataset in tuned_for}
    names = [part.strip() for text in texts for part in text.split(",")]
    found = [name for given in names for name in expand(given, tier)]
    for name in found:
        try:
            dataset = open_dataset(name, tier=tier)
        except Ms25Error as error:
            msg = f"--ms25-retention-data={name}: {error}"
            raise UsageError(msg) from error
        if dataset.sha256 in own:
            msg = (
                f"--ms25-retention-data={name} is one of --dataset: expected data that the "
                "potentials were not fine-tuned for"
            )
            raise UsageError(msg)
    return tuple(dict.fromkeys(found))


def species(text: str | None) -> tuple[str, ...]:
    """Chemical symbols of ``--mlip-species``.

    Raises
    ------
    UsageError
        They are not chemical symbols, or one is given twice.
    """
    if text is None:
        return ()
    from ase.data import atomic_numbers

    symbols = tuple(part.strip() for part in text.split(","))
    # ASE has a symbol X of number 0, for ghost atoms.
    wrong = [symbol for symbol in symbols if atomic_numbers.get(symbol, 0) < 1]
    if wrong or len(set(symbols)) < len(symbols):
        why = f"{wrong[0]!r} is no chemical symbol" if wrong else "an element is given twice"
        msg = f"--mlip-species={text}: {why}; expected symbols in order, for instance Si,O"
        raise UsageError(msg)
    return symbols


def writable_file(text: str | None, option: str) -> Path | None:
    """A file that can be appended to; None where none is named.

    Raises
    ------
    UsageError
        Its folder does not exist, it is a folder, or it cannot be written to.
    """
    if text is None:
        return None
    path = user_path(text, option, UsageError)
    try:
        # Neither changes a file that is there, nor leaves an empty one behind.
        existed = path.exists()
        with path.open("a"):
            pass
        if not existed and not path.stat().st_size:
            path.unlink(missing_ok=True)
    except OSError as error:
        msg = f"{option}={path}: cannot write there ({error.strerror}). Choose another file"
        raise UsageError(msg) from error
    return path.resolve()


def writable_folder(text: str) -> Path:
    """Create the report folder, so that an unwritable one is known before hours of computing."""
    folder = user_path(text, "--report-dir", UsageError)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".ms25-{os.getpid()}"
        # Permission bits do not tell all (read-only mounts, network file systems): only writing
        # does.
        probe.touch()
        probe.unlink()
    except OSError as error:
        msg = f"--report-dir={folder}: cannot write there ({error.strerror}). Choose another folder"
        raise UsageError(msg) from error
    return folder.resolve()
