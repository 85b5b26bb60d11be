"""Writing the frames of one system of an archive, and the card that opens them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.cache import file_sha256
from ms25_suite.datasets.cards.splits import SplitsConfig
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.datasets.importers import suggested_splits
from ms25_suite.datasets.published.roles import ArchiveSplit
from ms25_suite.datasets.published.store import FrameStore
from ms25_suite.datasets.published.systems import PaperSystem
from ms25_suite.datasets.registry import builtin_card
from ms25_suite.datasets.splits import make_splits
from ms25_suite.datasets.writer import card_path, write_card, write_extxyz

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["WrittenDataset", "write_dataset"]

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
    dataset
        The dataset as ``--dataset`` opens it.
    split
        Where the division comes from, and the sizes of its parts.
    notes
        Remarks for the user.
    """

    card: Path
    dataset: Dataset
    split: str
    notes: tuple[str, ...]


def write_dataset(
    folder: Path,
    system: PaperSystem,
    frames: Sequence[int],
    split: ArchiveSplit | None,
    places: Sequence[int],
    store: FrameStore,
    *,
    origin: str,
    level_of_theory: str | None,
    seed: int,
    neighbours: Collection[str] = (),
) -> WrittenDataset:
    """Write extended XYZ and a card, and open them.

    Parameters
    ----------
    folder
        Where to.
    system
        What the frames are.
    frames
        Identities of all frames, in the order to write them in where there is no split.
    split
        The archive's own division; None to make one.
    places, store
        Where each frame is kept, and what keeps it.
    origin
        Name of the archive.
    level_of_theory
        Method behind the labels; None for what the paper states.
    seed
        Seed of the division that is made.
    neighbours
        Names of the systems that are written into the same folder; the card names those of them
        that its potentials are tested on.

    Raises
    ------
    DatasetError
        The frames make no dataset; nothing of it is left in the folder.
    """
    # Set 1 has the name of the system: the main text of the paper reports it alone.
    later_set = split is not None and split.number not in (None, 1)
    name = f"{system.name}-set{split.number}" if split and later_set else system.name
    out = folder / f"{name}.extxyz.xz"
    values = _card(system, name, origin, level_of_theory) | _partners(system, neighbours)
    notes: list[str] = []
    if level_of_theory is None and values.get("level_of_theory"):
        notes.append(
            f"the level of theory is taken to be the paper's, {values['level_of_theory']}; nothing "
            f"in the files says so. If they are not the authors', say --level-of-theory"
        )
    table: dict[str, Any] = {}
    roles: list[tuple[int, str | None]] = [(frame, None) for frame in frames]
    if split is not None:
        source = "the archive's own" + ("" if split.number is None else f", set {split.number}")
        roles = _with_roles(split, seed)
        if split.train:
            table = {"seed": seed}
            if split.train_sizes:
                table["train_sizes"] = list(split.train_sizes)
        notes += split.notes
    elif system.transfer:
        source = "all for testing"
        notes.append("all frames are for testing: the paper uses it for potentials trained on CHA")
    elif len(frames) < 3:
        source = "none"
        notes.append(f"{len(frames)} frames cannot be divided, so all of them are for testing")
    else:
        source = "made here"
        table = suggested_splits(len(frames), seed, _SETS)
        if len(frames) < _PAPER_FRAMES:
            notes.append(
                f"the paper divides {_PAPER_FRAMES} frames into 1000, 80 and 8920; these "
                f"{len(frames)} were divided into {table['train']}, {table['validation']} and "
                f"{table['test']}"
            )
    try:
        write_extxyz(out, _images(roles, places, store))
        values["files"] = [{"path": out.name, "sha256": file_sha256(out)}]
        values["splits"] = table
        write_card(card_path(out), values)
        dataset = open_dataset(str(card_path(out)))
    # Also for Ctrl-C: a file of frames without its card would be taken for a complete dataset.
    except BaseException:
        out.unlink(missing_ok=True)
        card_path(out).unlink(missing_ok=True)
        raise
    train, validation, test = dataset.splits.parts[0]
    sets = f" x {dataset.splits.n_sets} sets" if dataset.splits.n_sets > 1 else ""
    sizes = f"{len(train)}/{len(validation)}/{len(test)}{sets}"
    return WrittenDataset(card_path(out), dataset, f"{source}: {sizes}", tuple(notes))


def _with_roles(split: ArchiveSplit, seed: int) -> list[tuple[int, str | None]]:
    """Frames in the order to write them in, with their roles.

    A dataset whose frames state their roles takes training frames in an order that depends on
    the seed. They are written in such an order that the archive's own comes out.
    """
    # One test frame, since a division without any is refused.
    roles = np.array([0] * len(split.train) + [2], dtype=np.int64)
    # `taken` is the permutation that the seed will apply; writing through it inverts it.
    taken = make_splits(SplitsConfig(seed=seed), roles, "").parts[0][0]
    train = np.zeros_like(taken)
    train[taken] = split.train
    return [
        *((int(frame), "train") for frame in train),
        *((frame, "validation") for frame in split.validation),
        *((frame, "test") for frame in split.test),
    ]


def _images(
    roles: Sequence[tuple[int, str | None]], places: Sequence[int], store: FrameStore
) -> Iterator[Atoms]:
    for frame, role in roles:
        atoms = store.get(places[frame])
        if role is not None:
            atoms.info["split"] = role
        yield atoms


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


def _partners(system: PaperSystem, neighbours: Collection[str]) -> dict[str, Any]:
    """Tables of the card that name other datasets of the folder, as the built-in card does."""
    builtin = builtin_card(system.name)
    if builtin is None:
        return {}

    def cards(table: str) -> list[str]:
        return [f"{name}.toml" for name in builtin.partners.of(table) if name in neighbours]

    size, frameworks = cards("extensivity"), cards("transfer")
    return {
        "extensivity": {"partner": size[0]} if size else {},
        "transfer": {"to": frameworks} if frameworks else {},
    }
