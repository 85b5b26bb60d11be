"""Opening a dataset: a built-in one, or a user's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.core.cache import content_key
from ms25_suite.core.errors import CardError, DatasetError, UnknownDatasetError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames, IntArray, Labels
from ms25_suite.core.text.progress import steps
from ms25_suite.datasets.answers import Answer
from ms25_suite.datasets.audit.atoms import atom_references, audit_atoms
from ms25_suite.datasets.audit.broken import refuse_broken
from ms25_suite.datasets.audit.run import (
    audit_dataset,
    audit_frames,
    audit_labels,
    findings_of,
    frame_digests,
)
from ms25_suite.datasets.audit.structures import neighbour_distances
from ms25_suite.datasets.cards.card import DatasetCard, LabelKeys
from ms25_suite.datasets.cards.files import CardFile, verified_sha256
from ms25_suite.datasets.cards.inputs import input_keys
from ms25_suite.datasets.columns.frame_kinds import (
    INDEPENDENT,
    config_type,
    temperature_k,
    trajectories,
)
from ms25_suite.datasets.dividing import make_splits
from ms25_suite.datasets.formats.convergence import unconverged_finding
from ms25_suite.datasets.indexed_splits import indexed_splits
from ms25_suite.datasets.labelling.reading import read_labels, to_angstrom
from ms25_suite.datasets.locate import user_card
from ms25_suite.datasets.observables.eos import EosReference, eos_reference
from ms25_suite.datasets.observables.neb import NebReference, neb_reference
from ms25_suite.datasets.readers.files import format_key, read_images
from ms25_suite.datasets.readers.inputs import frames_with_inputs
from ms25_suite.datasets.registry import builtin_card, imported_card, suggestion
from ms25_suite.datasets.splits import NO_ROLE, ROLE_CODES, Splits, roles_of
from ms25_suite.datasets.store import Content, open_content
from ms25_suite.datasets.tiers import MINI, PUBLISHED, USER, Tier, find_tier

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Dataset", "open_dataset", "open_partner"]


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Frames with reference labels, and what is known about them.

    Parameters
    ----------
    card
        What is known about it.
    tier
        ``mini`` for a dataset of the suite, ``published`` for the authors' data, the name of the
        package for one that an installed package brings, ``user`` for a user's files.
    frames, labels
        The data; the arrays may be memory-mapped and must not be written to.
    temperatures
        Temperature in K at which each frame was sampled (``temperature_K`` in the file), NaN where
        the file has none, shape ``(n_frames,)``.
    splits
        Which frames are for training, validation and test.
    sha256
        SHA-256 of the source files' content.
    audit
        Answers to the questions of the audit.
    sources
        Files that were read, in order.
    label_keys
        Quantity to the key that its label had in the files.
    remarks
        Findings about how it was opened, and not about the data.
    config_types
        Kind of each frame as its file states it (``config_type``), empty where it does not, shape
        ``(n_frames,)``.
    trajectories
        Number of the trajectory of each frame, -1 where the file names none, shape ``(n_frames,)``.
    unread_labels
        Keys in the files that seem to hold a quantity, for each quantity without labels that has
        such keys: they were not read, since their name does not say enough.
    atom_energies
        Energy in eV of an isolated atom of each element, by atomic number, as far as the files
        have it. The frames of isolated atoms themselves are not among `frames`.
    """

    card: DatasetCard
    tier: str
    frames: Frames
    labels: Labels
    temperatures: FloatArray
    splits: Splits
    sha256: str
    audit: tuple[Answer, ...]
    sources: tuple[Path, ...]
    label_keys: dict[str, str]
    config_types: np.ndarray[Any, np.dtype[np.str_]]
    trajectories: IntArray
    unread_labels: Mapping[Quantity, tuple[str, ...]] = field(default_factory=dict)
    atom_energies: Mapping[int, float] = field(default_factory=dict)
    remarks: tuple[Finding, ...] = ()

    @property
    def name(self) -> str:
        """Short name that is unique in a report."""
        return self.card.name

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What an import found, which the card says, and the findings of the audit."""
        doubts = (Finding(code, message) for code, message in self.card.doubts.items())
        return tuple(dict.fromkeys((*doubts, *findings_of(self.audit))))

    def __len__(self) -> int:
        return len(self.frames)

    def divided(self, split: str | None = None) -> Splits:
        """The division into training, validation and test frames, or that by whole trajectories.

        Parameters
        ----------
        split
            What is drawn at random, ``frame`` or ``trajectory``; None for what the card says.

        Raises
        ------
        DatasetError
            The parts are not drawn at random, no frame says which trajectory it is of, or there is
            no such division.
        """
        config = self.card.splits
        if split is None or (split == config.split and config.train is not None):
            return self.splits
        if split not in ("frame", "trajectory"):
            msg = f"frames are divided by frame or by trajectory, found split={split!r}"
            raise DatasetError(msg)
        if config.train is None:
            msg = (
                f'{self.name} cannot be divided by split = "{split}": its parts are not drawn at '
                f"random ({self.splits.origin}). Give numbers of frames in a card ([splits] train)"
            )
            raise DatasetError(msg)
        return make_splits(
            replace(config, split="frame" if split == "frame" else "trajectory"),
            np.full(len(self), NO_ROLE),
            self.name,
            self.labels.complete(self.frames.offsets),
            np.asarray(self.trajectories),
        )

    def groups(self, indices: IntArray) -> IntArray | None:
        """Which of some frames are not independent of each other.

        Parameters
        ----------
        indices
            Indices of the frames, shape ``(n,)``.

        Returns
        -------
        :
            Equal numbers for the frames of one trajectory, shape ``(n,)``; a frame of which none is
            known has a number of its own. None if that holds for all of them.
        """
        found = np.asarray(self.trajectories)[indices]
        alone = found < 0
        if alone.all():
            return None
        return np.where(alone, len(self) + np.arange(len(found)), found)

    def part(self, indices: Sequence[int] | IntArray) -> tuple[Frames, Labels]:
        """Frames with the given indices and their labels."""
        labels = self.labels.select(indices, self.frames.offsets)
        return self.frames.select(indices), labels

    def eos(self) -> EosReference | None:
        """Reference curves of the equation of state, read anew each time; None without.

        Raises
        ------
        DatasetError
            They cannot be used: see `ms25_suite.datasets.observables.eos.eos_reference`.
        """
        return eos_reference(self.card)

    def neb(self) -> NebReference | None:
        """Reference path of the reaction, read anew each time; None without.

        Raises
        ------
        DatasetError
            It cannot be used: see `ms25_suite.datasets.observables.neb.neb_reference`.
        """
        return neb_reference(self.card)


def open_dataset(spec: str, *, tier: Tier | str | None = None) -> Dataset:
    """Open a dataset.

    Parameters
    ----------
    spec
        Name or alias of a built-in dataset; or a file of frames (``.extxyz``, ``.xyz``, these
        also compressed, ``.traj``, ``.db``, or what an installed reader recognises), a folder of
        such files, several files joined by commas, or a card (``.toml``). A card beside a file
        (same name) or in a folder (``card.toml``) is taken into account.
    tier
        What names of built-in datasets mean: ``mini``, ``published``, or a folder of cards; None
        for what the environment variable ``MS25_DATA`` says, or else the data that the suite
        brings.

    Raises
    ------
    UnknownDatasetError
        Neither a built-in dataset nor a path.
    CardError
        The card is invalid, or a file is not the one that it describes.
    LabelError
        The labels are missing, of several methods, or infinite.
    DatasetError
        The files cannot be read, or the tier has no dataset of that name.
    """
    tier = tier if isinstance(tier, Tier) else find_tier(tier)
    if not spec.strip():
        msg = f"the name of the dataset is empty. {suggestion(spec, tier)}"
        raise UnknownDatasetError(msg)
    imported = imported_card(spec, tier)
    if imported is not None:
        return _open_files(user_card(str(imported)))
    card = builtin_card(spec)
    if card is not None:
        return _open(card, card.package or MINI.name)
    return _open_files(user_card(spec, tier))


def _open_files(card: DatasetCard) -> Dataset:
    return _open(card, PUBLISHED if card.published else USER)


def open_partner(dataset: Dataset, name: str, *, tier: Tier | None = None) -> Dataset:
    """Open a dataset that the card of another one names.

    Parameters
    ----------
    dataset
        The other one.
    name
        Name of a built-in dataset, or a path that starts from the folder of the card.
    tier
        What names mean, as for `open_dataset`. A dataset that the suite brings has partners that
        it brings.

    Raises
    ------
    DatasetError
        It cannot be opened, is the same dataset, or holds elements that the other one lacks.
    """
    folder = None if dataset.card.path is None else dataset.card.path.parent
    try:
        if folder is None or builtin_card(name) is not None:
            partner = open_dataset(name, tier=MINI if dataset.tier == MINI.name else tier)
        else:
            # An absolute path on the right replaces the folder.
            partner = open_dataset(str(folder / Path(name).expanduser()))
    except DatasetError as error:
        msg = f"the card of {dataset.name} names {name!r}, which cannot be opened: {error}"
        raise DatasetError(msg) from error
    if partner.sha256 == dataset.sha256 or partner.name == dataset.name:
        msg = f"the card of {dataset.name} names {name!r}, which is the same dataset or name"
        raise DatasetError(msg)
    extra = [symbol for symbol in partner.card.elements if symbol not in dataset.card.elements]
    if extra:
        msg = (
            f"the card of {dataset.name} names {name!r}, which also holds {' '.join(extra)}: a "
            f"potential trained on {' '.join(dataset.card.elements)} alone cannot describe them. "
            "Name a dataset of the same elements"
        )
        raise DatasetError(msg)
    return partner


def _open(card: DatasetCard, tier: str) -> Dataset:
    where = str(card.path) if card.path is not None else card.name
    files = card.frame_files
    hashes = []
    for file in files:
        found = verified_sha256(file, where, DatasetError if card.path is None else CardError)
        hashes.append((format_key(file.path), found))
    source = str(files[0].path) if len(files) == 1 else where
    inputs = input_keys(card.inputs)
    content = open_content(
        hashes,
        card.labels,
        inputs,
        lambda: read_content(files, card.labels, inputs, source, card.trajectory),
        card.trajectory,
    )
    roles = content.roles
    if card.splits.files:
        counts = content.file_counts
        # One code for each file, repeated for each of its frames.
        by_file = [ROLE_CODES[role] for role, paths in card.splits.files for _ in paths]
        roles = np.repeat(np.array(by_file, dtype=np.int64), counts)
    complete = content.labels.complete(content.frames.offsets)
    splits = (
        make_splits(card.splits, roles, where, complete, content.trajectories)
        if card.splits.indices is None
        else indexed_splits(card.splits, complete, where)
    )
    card = _completed(card, content.frames, where)
    sha256 = hashes[0][1] if len(hashes) == 1 else content_key({"files": hashes})
    return Dataset(
        card=card,
        tier=tier,
        frames=content.frames,
        labels=content.labels,
        temperatures=content.temperatures,
        splits=splits,
        sha256=sha256,
        audit=audit_dataset(card, content, splits),
        sources=tuple(file.path for file in files),
        label_keys=content.label_keys,
        remarks=_remarks(content),
        config_types=content.config_types,
        trajectories=content.trajectories,
        unread_labels=content.unread_labels,
        atom_energies=content.atom_energies,
    )


def _remarks(content: Content) -> tuple[Finding, ...]:
    if not content.damage:
        return ()
    msg = (
        f"the frames in the cache were damaged (is the disk failing?) and were read again from "
        f"their files: {content.damage}"
    )
    return (Finding("damaged-store", msg),)


def _completed(card: DatasetCard, frames: Frames, where: str) -> DatasetCard:
    """The card, completed by what is in the frames."""
    from ase.data import chemical_symbols

    found = tuple(chemical_symbols[number] for number in frames.elements)
    if not card.elements:
        card = replace(card, elements=found)
    extra = [symbol for symbol in found if symbol not in card.elements]
    if extra:
        msg = (
            f"{where}: the elements of the card are {' '.join(card.elements)}, "
            f"but the frames also hold {' '.join(extra)}"
        )
        raise CardError(msg)
    title = card.title or card.name
    return replace(card, title=title, system=card.system or "-".join(card.elements))


def read_content(
    files: Sequence[CardFile],
    keys: LabelKeys,
    inputs: Mapping[str, str],
    where: str,
    trajectory: str | None = None,
) -> Content:
    """Read files, find the labels and audit the frames.

    Raises
    ------
    LabelError
        The labels are missing, of several methods, or infinite.
    DatasetError
        The files cannot be read.
    """
    images: list[Atoms] = []
    counts = []
    for file in files:
        before = len(images)
        images.extend(steps(read_images(file.path), f"reading {file.path.name}", unit="frames"))
        counts.append(len(images) - before)
    to_angstrom(images, keys.units)
    frames = frames_with_inputs(images, inputs, where)
    # Before the labels: a NaN in a cell would spoil volumes, neighbours and digests.
    refuse_broken(frames, where)
    found = read_labels(images, keys, where, counts=counts)
    atoms = atom_references(frames, found)
    kept = found.judged(where)
    file_of_frame = np.repeat(np.arange(len(counts)), counts)[kept]
    labels = found.labels
    if len(kept) < len(images):
        frames, labels = frames.select(kept), labels.select(kept, frames.offsets)
        images = [images[index] for index in kept.tolist()]
    remark = unconverged_finding(images)
    if remark is not None:
        found = replace(found, findings=(*found.findings, remark))
    digests = frame_digests(frames)
    groups = trajectories(images, trajectory)
    if trajectory not in (None, INDEPENDENT) and (groups < 0).all():
        msg = (
            f'{where}: the card says trajectory = "{trajectory}", but no frame has that key. Name '
            f'the key of the trajectories, or write "{INDEPENDENT}" if the frames are independent'
        )
        raise DatasetError(msg)
    return Content(
        frames=frames,
        labels=labels,
        roles=roles_of(images),
        temperatures=np.array([temperature_k(image.info) for image in images]),
        config_types=np.array([config_type(image.info) for image in images], dtype=np.str_),
        trajectories=groups,
        digests=digests,
        nearest=neighbour_distances(frames),
        file_counts=np.bincount(file_of_frame, minlength=len(counts)).astype(np.int64),
        label_keys=found.keys,
        answers=(
            *audit_labels(found, frames, labels),
            audit_atoms(frames, labels, atoms),
            *audit_frames(frames, labels, digests),
        ),
        unread_labels=found.unread,
        atom_energies=keys.atom_energies | atoms.energies,
    )
