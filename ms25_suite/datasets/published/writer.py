"""Writing the frames of one system of an archive, and the card that opens them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import DatasetError
from ms25_suite.core.fields import REF_FORCES
from ms25_suite.core.findings import Finding
from ms25_suite.datasets.cards.card import NO_LABELS
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.datasets.importers import suggested_splits
from ms25_suite.datasets.indexed_splits import IndexedSet, write_indices
from ms25_suite.datasets.published.neb import ArchivePath
from ms25_suite.datasets.published.roles import ArchiveSplit
from ms25_suite.datasets.published.store import FrameStore
from ms25_suite.datasets.published.systems import PaperSystem
from ms25_suite.datasets.registry import builtin_card
from ms25_suite.datasets.splits import PAPER_TRAIN_SIZES, shuffled
from ms25_suite.datasets.writer import card_path, write_card, write_extxyz

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["WrittenDataset", "link_partners", "write_dataset"]

_CITATION: Final = "Maxson et al., JCIM 2025 (MS25), data doi 10.5281/zenodo.10901820"
_SETS: Final = 3
_PAPER_FRAMES: Final = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class WrittenDataset:
    """A dataset that was written and opened.

    Parameters
    ----------
    card
        Its card.
    values
        What is in the card.
    dataset
        The dataset as ``--dataset`` opens it.
    split
        Where the division comes from, and the sizes of its parts.
    notes
        Remarks for the user.
    """

    card: Path
    values: dict[str, Any]
    dataset: Dataset
    split: str
    notes: tuple[str, ...]


def write_dataset(
    folder: Path,
    system: PaperSystem,
    frames: Sequence[int],
    splits: Sequence[ArchiveSplit],
    path: ArchivePath | None,
    places: Sequence[int],
    store: FrameStore,
    *,
    origin: str,
    level_of_theory: str | None,
    seed: int,
    converted: str = "",
    doubts: Sequence[Finding] = (),
    stated: bool = False,
) -> WrittenDataset:
    """Write extended XYZ, the division, the reaction path and a card, and open them.

    Parameters
    ----------
    folder
        Where to.
    system
        What the frames are.
    frames
        Identities of all frames, in the order to write them in.
    splits
        The archive's own divisions, one for each set; empty to make some.
    path
        The reaction path of the system; None without.
    places, store
        Where each frame is kept, and what keeps it.
    origin
        Name of the archive.
    level_of_theory
        Method behind the labels; None for what the paper states.
    seed
        Seed of the division, or of the order of training frames, that is made.
    converted
        Units that the labels had, and how they are known; empty for those of the suite.
    doubts
        What was found of the labels as they were in the files, for the card.
    stated
        Whether a person states the units of this system, and answers for them.

    Raises
    ------
    DatasetError
        The frames make no dataset, or their labels are in other units than they are read in;
        nothing of it is left in the folder.
    """
    name = system.name
    out = folder / f"{name}.extxyz.xz"
    values = _card(system, name, origin, level_of_theory)
    if converted:
        values["recipe"] += f"; labels read as {converted}"
    values["doubts"] = {finding.code: finding.message for finding in doubts}
    notes: list[str] = []
    if level_of_theory is None and values.get("level_of_theory"):
        notes.append(
            f"the level of theory is taken to be the paper's, {values['level_of_theory']}; nothing "
            f"in the files says so. If they are not the authors', say --level-of-theory"
        )
    if splits:
        used = {frame for split in splits for part in _parts_of(split) for frame in part}
        frames = [frame for frame in frames if frame in used]
    written = [out, card_path(out)]
    complete: list[bool] = []

    def counted() -> Iterator[Atoms]:
        for frame in frames:
            atoms = store.get(places[frame])
            complete.append(REF_FORCES in atoms.arrays)
            yield atoms

    try:
        write_extxyz(out, counted(), exact=True)
        values["files"] = [{"path": out.name, "sha256": file_sha256(out)}]
        # A potential can be judged by energies alone; that it is must be written down.
        values["labels"] = {} if any(complete) else {"forces": NO_LABELS}
        if splits:
            indices = folder / f"{name}.splits.json"
            written.append(indices)
            rows = {frame: row for row, frame in enumerate(frames)}
            usable = {frame for frame in frames if complete[rows[frame]] or not any(complete)}
            source, values["splits"] = _stated(splits, rows, usable, indices, seed, notes)
        else:
            source, values["splits"] = _made(system, len(frames), seed, notes)
        if path is not None:
            images = folder / f"{name}-neb.extxyz.xz"
            written.append(images)
            write_extxyz(images, path.images, exact=True)
            values["neb"] = {
                "path": {"path": images.name, "sha256": file_sha256(images)},
                "barrier": round(path.barrier, 6),
                "barrier_source": f"{path.source}; {len(path.images)} images of {path.name}",
            }
        write_card(card_path(out), values)
        dataset = open_dataset(str(card_path(out)))
        if not stated:
            _refuse_wrong_units(name, dataset)
        if path is not None:
            try:
                dataset.neb()
            except DatasetError as error:
                notes.append(f"{path.name} is no reaction path that can be used: {error}")
                images.unlink()
                del values["neb"]
                write_card(card_path(out), values)
                dataset = open_dataset(str(card_path(out)))
    # Also for Ctrl-C: a file of frames without its card would be taken for a complete dataset.
    except BaseException:
        for file in written:
            file.unlink(missing_ok=True)
        raise
    sizes = dict.fromkeys(
        "/".join(str(len(part)) for part in set_) for set_ in dataset.splits.parts
    )
    sets = f" x {dataset.splits.n_sets} sets" if dataset.splits.n_sets > 1 else ""
    return WrittenDataset(
        card_path(out), values, dataset, f"{source}: {', '.join(sizes)}{sets}", tuple(notes)
    )


def _refuse_wrong_units(system: str, dataset: Dataset) -> None:
    wrong = [finding.message for finding in dataset.findings if finding.says_wrong_units]
    if wrong:
        units = {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å^3"}
        names = [name for name in units if name in dataset.label_keys]
        msg = (
            f"its labels seem to be in other units than eV and eV/Å: {' '.join(wrong)} State the "
            f"units, --units {system}:{','.join(f'{name}=…' for name in names)} "
            f"({','.join(f'{name}={units[name]}' for name in names)} if they are right "
            f"nevertheless), or leave wrong files out with --exclude"
        )
        raise DatasetError(msg)


def _parts_of(split: ArchiveSplit) -> tuple[tuple[int, ...], ...]:
    return split.train, split.validation, split.test


def _made(
    system: PaperSystem, n_frames: int, seed: int, notes: list[str]
) -> tuple[str, dict[str, Any]]:
    """Where the division comes from, and the table of the card, of frames without one."""
    if system.transfer:
        notes.append("all frames are for testing: the paper uses it for potentials trained on CHA")
        return "all for testing", {}
    if n_frames < 3:
        notes.append(f"{n_frames} frames cannot be divided, so all of them are for testing")
        return "none", {}
    table = suggested_splits(n_frames, seed, _SETS)
    if n_frames < _PAPER_FRAMES:
        notes.append(
            f"the paper divides {_PAPER_FRAMES} frames into 1000, 80 and 8920; these "
            f"{n_frames} were divided into {table['train']}, {table['validation']} and "
            f"{table['test']}"
        )
    return "made here", table


def _stated(
    splits: Sequence[ArchiveSplit],
    row: Mapping[int, int],
    usable: Set[int],
    indices: Path,
    seed: int,
    notes: list[str],
) -> tuple[str, dict[str, Any]]:
    """Write the archive's own division; where it comes from, and the table of the card.

    ``usable`` are the frames that have all labels of a training.
    """
    sets = []
    sizes: list[list[int]] = []
    for position, split in enumerate(splits, start=1):
        train = _ordered(split, seed, position)
        sets.append(
            IndexedSet(
                train=tuple(row[frame] for frame in train),
                validation=tuple(row[frame] for frame in split.validation),
                test=tuple(row[frame] for frame in split.test),
            )
        )
        sizes.append(_sizes(split))
        for note in split.notes:
            shared = all(note in other.notes for other in splits)
            text = note if shared else f"set {split.number}: {note}"
            notes += [] if text in notes else [text]
        if split.number not in (None, position):
            notes.append(f"set {split.number} of the archive is Set {position} here")
    numbers = [len(entry.train) for entry in sets]
    if len(set(numbers)) > 1:
        notes.append(
            f"the sets have different numbers of training frames, {', '.join(map(str, numbers))}: "
            f"was a file left out, or damaged?"
        )
    write_indices(indices, len(row), sets)
    table: dict[str, Any] = {"indices": {"path": indices.name, "sha256": file_sha256(indices)}}
    # A training size is one of every set.
    common = sorted(set(sizes[0]).intersection(*sizes[1:])) or [min(len(s.train) for s in sets)]
    most = min(len(usable & {*split.train}) for split in splits)
    if most < max(common):
        notes.append(
            f"of {max(common)} training frames {most} have forces"
            f"{': nothing can be trained on it' if most == 0 else ', the largest training size'}"
        )
        common = [*(size for size in common if size < most), most]
    common = [size for size in common if size]
    if not common:
        # A system that is only tested on, as the paper's frameworks are.
        if not any(numbers):
            notes.append(
                "the archive has no training frames of it: potentials are only tested on it"
            )
        return "the archive's own", table
    table["train_sizes"] = common
    made = [split for split in splits if split.train and not split.train_sizes]
    if made and table["train_sizes"][0] < min(split.blocks[0] for split in made):
        shown = ", ".join(map(str, table["train_sizes"]))
        notes.append(
            f"the training sizes {shown} are not those of files of the archive, but nested parts "
            f"of its training frames in a random order, the same each time (--seed)"
        )
    return "the archive's own", table


def _ordered(split: ArchiveSplit, seed: int, number: int) -> list[int]:
    """Training frames in the order in which training sizes take them.

    Where the archive has no sizes, the order of its files may be that of the sampling, and the
    first 50 frames of one trajectory; so it is a random one within each of its blocks.
    """
    if split.train_sizes:
        return list(split.train)
    order: list[int] = []
    for start, end in pairwise((0, *split.blocks)):
        block = split.train[start:end]
        order += [block[index] for index in shuffled(len(block), seed, number)]
    return order


def _sizes(split: ArchiveSplit) -> list[int]:
    if split.train_sizes or not split.train:
        return list(split.train_sizes)
    n_train = len(split.train)
    return sorted({*(size for size in PAPER_TRAIN_SIZES if size < n_train), *split.blocks})


def _card(
    system: PaperSystem, name: str, origin: str, level_of_theory: str | None
) -> dict[str, Any]:
    """What is known about the system, from the built-in card of the same name if there is one."""
    values: dict[str, Any] = {
        "name": name,
        "title": f"{system.title} ({'published' if level_of_theory is None else 'imported'})",
        "system": system.title,
        "elements": list(system.elements),
        "threshold_class": system.threshold_class,
        "recipe": f"imported from {origin}; the frames say from which file",
        "level_of_theory": level_of_theory,
    }
    builtin = builtin_card(system.name)
    if builtin is not None:
        paper = builtin.paper_level_of_theory
        values |= {"cutoff": builtin.cutoff, "threshold_class": builtin.threshold_class}
        values["paper_level_of_theory"] = paper
        values["level_of_theory"] = level_of_theory or paper
        # The built-in labels may be stand-ins of another method.
        # With other labels the built-in curve or path would measure the difference of two
        # methods.
        if values["level_of_theory"] == builtin.level_of_theory:
            values["reference_calculator"] = builtin.reference_calculator
            # Curves and paths are no part of the archive, and these are of the same method.
            for table in ("eos", "neb"):
                if getattr(builtin, table) is not None:
                    values[table] = {"dataset": builtin.name}
    if level_of_theory is None:
        values |= {"published": True, "citation": _CITATION}
    return values


def link_partners(written: Sequence[WrittenDataset]) -> None:
    """Let the cards of datasets in one folder name each other, as the built-in cards do.

    Called when all are written: a card names no dataset that is not there.
    """
    names = {dataset.values["name"] for dataset in written}
    for dataset in written:
        builtin = builtin_card(dataset.values["name"])
        if builtin is None:
            continue
        size, frameworks = (
            [f"{name}.toml" for name in builtin.partners.of(table) if name in names]
            for table in ("extensivity", "transfer")
        )
        tables: dict[str, Any] = {
            "extensivity": {"partner": size[0]} if size else {},
            "transfer": {"to": frameworks} if frameworks else {},
        }
        if size or frameworks:
            write_card(dataset.card, dataset.values | tables)
