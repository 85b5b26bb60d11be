"""``ms25 data download`` and ``ms25 data archive``: the published data."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ms25_suite.cli.audit import finding_colour
from ms25_suite.core.errors import DatasetError, UsageError
from ms25_suite.core.text.shown import markup, shown

if TYPE_CHECKING:
    from ms25_suite.datasets.published.importer import ArchiveImport

__all__ = ["add_parsers", "by_system", "run_archive", "run_download"]

_MOST_LINES = 20
_MOST_FILES = 4


def add_parsers(commands: Any) -> None:
    """Add ``download`` and ``archive`` to the commands of ``ms25 data``."""
    download = commands.add_parser(
        "download",
        help="download the published data (Zenodo 10901820); resumes an interrupted download",
    )
    download.add_argument(
        "--source",
        choices=("zenodo", "mdf"),
        help="archive to get it from: zenodo (default), or mdf, the Materials Data Facility, which "
        "is said to have a copy (doi 10.18126/6w8c-by76; not verified)",
    )
    download.add_argument("--url", metavar="URL", help="another record, or a file")
    download.add_argument("--out", type=Path, metavar="FOLDER", help="default: the cache")

    archive = commands.add_parser(
        "archive", help="recognise the paper's systems in an archive or folder, whatever its layout"
    )
    archive.add_argument(
        "source",
        nargs="?",
        type=Path,
        metavar="SOURCE",
        help="folder, zip, tar or file (default: what `ms25 data download` got)",
    )
    archive.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="default: a folder of the cache, whose datasets --data=published gives their names",
    )
    archive.add_argument(
        "--assign",
        action="extend",
        nargs="+",
        default=[],
        metavar="SYSTEM=PATTERN",
        help="the system of files, in place of recognising it: mgo-2x2='*small*'",
    )
    archive.add_argument(
        "--exclude",
        action="extend",
        nargs="+",
        default=[],
        metavar="PATTERN",
        help="leave files out: '*neb*'",
    )
    archive.add_argument(
        "--keys",
        action="extend",
        nargs="+",
        default=[],
        metavar="[SYSTEM:]LABEL=KEY",
        help="keys of the labels, of all systems or of one: energy=…, water-64:forces=…, stress=… "
        "or virial=…",
    )
    archive.add_argument(
        "--units",
        action="extend",
        nargs="+",
        default=[],
        metavar="[SYSTEM:]LABEL=UNIT",
        help="units of the labels of a system, water-64:energy=hartree,forces=hartree/bohr; "
        "without a system, of all labels whose unit the files leave open",
    )
    archive.add_argument(
        "--level-of-theory", metavar="TEXT", help="method behind the labels (default: the paper's)"
    )
    archive.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the splits")
    archive.add_argument("--overwrite", action="store_true", help="replace files in FOLDER")


def run_download(args: argparse.Namespace) -> int:
    """Carry out ``ms25 data download``.

    Raises
    ------
    DatasetError
        There is no connection, a checksum is wrong, or the disk is full.
    """
    from ms25_suite.datasets.published.remote.download import download_folder, fetch
    from ms25_suite.datasets.published.remote.listings import SOURCES, OfflineError

    if args.url and args.source:
        msg = "name either --source or --url, not both"
        raise UsageError(msg)
    source = args.source or "zenodo"
    try:
        files = fetch(args.url or SOURCES[source], args.out)
    except OfflineError as error:
        other = "mdf" if source == "zenodo" else "zenodo"
        hint = "" if args.url else f". Another archive: ms25 data download --source={other}"
        msg = f"{error}{hint}"
        raise OfflineError(msg) from error
    for file in files:
        verdict = (
            f"checksum right: {file.compared}"
            if file.compared
            else f"no checksum to compare with; sha256 {file.sha256}, which is compared from now on"
        )
        print(shown(f"{file.path}  {file.path.stat().st_size / 1e6:.1f} MB, {verdict}"))
    folder = args.out or download_folder(args.url or SOURCES[source])
    print(shown(f"next: ms25 data archive {folder}"))
    return 0


def run_archive(args: argparse.Namespace, keys: Any, asked: Mapping[str, Any]) -> int:
    """Carry out ``ms25 data archive``.

    Parameters
    ----------
    args
        The options.
    keys
        Keys of the labels, and units where the files leave them open.
    asked
        System to the keys and units of its labels.

    Returns
    -------
    int
        Exit status: zero, or 1 if a system was recognised and could not be written, or is in other
        units than stated.

    Raises
    ------
    DatasetError
        The archive is damaged or holds no system of the paper.
    """
    from ms25_suite.datasets.published.importer import import_archive
    from ms25_suite.datasets.published.remote.download import download, download_folder
    from ms25_suite.datasets.published.remote.listings import SOURCES
    from ms25_suite.datasets.tiers import PUBLISHED, published_folder

    if args.seed < 0:
        msg = f"expected --seed to be at least 0, got {args.seed}"
        raise UsageError(msg)
    source = args.source
    if source is None:
        there = [url for url in SOURCES.values() if any(download_folder(url).iterdir())]
        if not there:
            msg = "name an archive or folder, or get the published data: ms25 data download"
            raise DatasetError(msg)
        source = download_folder(there[0])
        # Compares checksums; it downloads only what is missing.
        download(there[0])
    out = published_folder() if args.out is None else args.out
    found = import_archive(
        source,
        out,
        keys=keys,
        by_system=asked,
        assign=_assignments(args.assign),
        exclude=args.exclude,
        level_of_theory=args.level_of_theory,
        seed=args.seed,
        overwrite=args.overwrite,
    )
    _print(found)
    chosen = PUBLISHED if args.out is None else out
    name = found.datasets[0].card.stem
    print(
        shown(
            f"by name: --dataset={name} --data={chosen}, or MS25_DATA={chosen} in the environment"
        )
    )
    # A system that is there, and of which nothing can be judged, is no success; nor are labels
    # whose numbers contradict the units that a person states.
    doubtful = any(one.says_wrong_units for dataset in found.datasets for one in dataset.findings)
    return 1 if found.refused or doubtful else 0


def by_system(words: Sequence[str], option: str) -> dict[str, list[str]]:
    """System to what is said of it; what is said of none has the empty name.

    Parameters
    ----------
    words
        ``SYSTEM:WORD``, or ``WORD`` alone.
    option
        Name of the option, for messages.

    Raises
    ------
    UsageError
        A system is unknown.
    """
    from ms25_suite.datasets.published.systems import SYSTEMS

    known = [system.name for system in SYSTEMS]
    given: dict[str, list[str]] = {}
    for word in words:
        name, colon, rest = word.partition(":")
        if colon and name not in known:
            msg = f"expected {option} SYSTEM:… with SYSTEM one of {', '.join(known)}, got {word!r}"
            raise UsageError(msg)
        given.setdefault(name if colon else "", []).append(rest if colon else word)
    return given


def _assignments(pairs: list[str]) -> list[tuple[str, str]]:
    from ms25_suite.datasets.published.systems import SYSTEMS

    names = [system.name for system in SYSTEMS]
    assignments = []
    for pair in pairs:
        name, _, pattern = pair.partition("=")
        if name not in names or not pattern:
            msg = (
                f"expected --assign SYSTEM=PATTERN with SYSTEM one of {', '.join(names)}, "
                f"got {pair!r}"
            )
            raise UsageError(msg)
        assignments.append((name, pattern))
    return assignments


def _print(found: ArchiveImport) -> None:
    """Print what was recognised, what is missing, and what was left out."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(
        "dataset", "frames", "atoms", "forces", "stress", "split: training/validation/test"
    )
    for dataset in found.datasets:
        low, high = dataset.n_atoms
        table.add_row(
            dataset.card.stem,
            str(dataset.n_frames),
            str(low) if low == high else f"{low}-{high}",
            *(
                "all" if number == dataset.n_frames else str(number or "none")
                for number in (dataset.n_forces, dataset.n_stress)
            ),
            markup(dataset.split),
        )
    console.print(table)

    def line(text: str) -> None:
        console.print(text, soft_wrap=True, highlight=False)

    for dataset in found.datasets:
        files = [f"{name} ({number})" for name, number in dataset.files[:_MOST_FILES]]
        more = len(dataset.files) - _MOST_FILES
        files += [f"{more} more files"] if more > 0 else []
        line(f"[bold]{markup(dataset.card.stem)}[/] from {markup(', '.join(files))}")
        line(f"    open it with --dataset={markup(str(dataset.card))}")
    for dataset in found.datasets:
        for note in dataset.notes:
            line(f"[cyan]{markup(dataset.card.stem)}[/]: {markup(note)}")
        for finding in dataset.findings:
            colour = finding_colour(finding)
            line(
                f"[{colour}]{markup(dataset.card.stem)}: {finding.severity} {finding.code}[/]: "
                f"{markup(finding.message)}"
            )
    for unit in found.unused_units:
        line(
            f"[yellow]--units {markup(unit)}[/] is the unit of no label: the files have no such "
            f"label, or leave its unit not open (of one system: --units SYSTEM:…)"
        )
    for name in found.refused:
        line(f"[red]{name} was recognised, and not written[/]: see below")
    if found.removed:
        line(
            f"[yellow]removed[/] of an earlier import into the same folder: "
            f"{markup(', '.join(found.removed))}"
        )
    if found.kept:
        line(
            f"[yellow]not of this archive[/], but of an earlier import into the same folder: "
            f"{markup(', '.join(found.kept))}"
        )
    if found.missing:
        line(f"[bold]systems of the paper that were not found[/]: {', '.join(found.missing)}")
    # Thousands of files may have the same problem.
    reasons = Counter((entry.reason, entry.n_frames) for entry in found.left_out)
    first = {(entry.reason, entry.n_frames): entry.name for entry in reversed(found.left_out)}
    for (reason, n_frames), times in list(reasons.items())[:_MOST_LINES]:
        what = first[reason, n_frames] + ("" if times == 1 else f" and {times - 1} more like it")
        each = "" if times == 1 else " each"
        frames = "1 frame" if n_frames == 1 else f"{n_frames} frames"
        count = "" if n_frames is None else f" ({frames}{each})"
        line(f"[yellow]left out[/] {markup(what)}{count}: {markup(reason)}")
    if len(reasons) > _MOST_LINES:
        line(f"[yellow]left out[/] for {len(reasons) - _MOST_LINES} more reasons")
    if found.documents:
        names = ", ".join(found.documents[:5]) + (", …" if len(found.documents) > 5 else "")
        line(f"[bold]no files of frames[/]: {len(found.documents)} ({markup(names)})")
