"""Converting files of any format to extended XYZ with ``REF_`` labels and a card."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.cache import atomic_path, file_sha256
from ms25_suite.core.contracts import read_as
from ms25_suite.core.errors import CardError, DatasetError, LabelError
from ms25_suite.core.fields import REF_ENERGY
from ms25_suite.core.frames import Frames, IntArray, Labels
from ms25_suite.core.records.base import plain
from ms25_suite.core.text.progress import steps
from ms25_suite.datasets.audit.broken import refuse_broken
from ms25_suite.datasets.cards.card import NO_LABELS, CardTable, DatasetCard
from ms25_suite.datasets.dividing import make_splits
from ms25_suite.datasets.formats.convergence import refuse_unconverged
from ms25_suite.datasets.formats.stated_units import is_unit_key
from ms25_suite.datasets.labelling.bare_energy import where_forces_are
from ms25_suite.datasets.labelling.reading import DOUBTS, read_labels, to_angstrom
from ms25_suite.datasets.readers.files import data_suffix
from ms25_suite.datasets.readers.foreign import Asked, read_foreign
from ms25_suite.datasets.readers.hints import for_import
from ms25_suite.datasets.readers.inputs import frames_with_inputs
from ms25_suite.datasets.readers.labels import FoundLabels, labelled_structure
from ms25_suite.datasets.splits import PAPER_TRAIN_SIZES, roles_of
from ms25_suite.datasets.writer import (
    card_path,
    naming_errors,
    refuse_output,
    stated,
    write_card,
    write_extxyz,
)

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["import_data", "suggested_splits"]

_ABOUT_UNITS: Final = ("units-converted", "units-decided", "stress-unit-unknown", *sorted(DOUBTS))
"""Codes of findings that an import says: the new file is in eV."""


def import_data(
    sources: Sequence[Path],
    out: Path,
    *,
    name: str | None = None,
    level_of_theory: str | None = None,
    splits: dict[str, Any] | None = None,
    frames_limit: int | None = None,
    asked: Asked | None = None,
    keep_unconverged: bool = False,
    remark: Callable[[str], object] | None = None,
    inputs: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write frames of files of any format as extended XYZ with ``REF_`` labels, and a card.

    Parameters
    ----------
    sources
        Files of any format (see `read_foreign`), and folders of DeePMD-kit.
    out
        File to write: ``.extxyz``, or compressed ``.extxyz.xz``.
    name, level_of_theory, splits
        For the card; ``splits`` is its table ``[splits]``.
    frames_limit
        Number of frames to keep, evenly spaced: neighbours in a trajectory are correlated.
    asked
        What a person says about the files: keys, units, elements.
    keep_unconverged
        Whether frames whose calculation did not converge are kept, with a mark.
    remark
        Called with each remark about labels of the sources: what was not taken, or converted.
    inputs
        Name to key of what potentials read besides the structure, where it is not under a usual
        key (`ms25_suite.core.inputs`); for the card too.
    overwrite
        Whether ``out`` and its card may be replaced.

    Returns
    -------
    Path
        The card, which `ms25_suite.datasets.open_dataset` opens.

    Raises
    ------
    LabelError
        The labels are missing, of several methods, or infinite.
    DatasetError
        A file cannot be read or holds frames that did not converge, the units are not known,
        the frames cannot be split as asked, ``out`` or its card exists, belongs to a source, or has
        another extension, or the disk is full.
    CardError
        The card would be invalid, such as by its name.
    """
    _refuse_own_sources(sources, out)
    refuse_output(out, overwrite=overwrite)
    card = card_path(out)
    values: dict[str, Any] = {
        "name": name,
        "level_of_theory": level_of_theory,
        "recipe": f"imported from {', '.join(source.name for source in sources)}",
        "splits": splits,
        "inputs": dict(inputs or {}),
    }
    # What opening the new file would find too, before anything is read or written.
    table = read_as(CardTable, plain(stated(values)), f"the card of {out.name}", CardError)
    asked = asked or Asked()
    images: list[Atoms] = []
    fixed: dict[bool, Path] = {}
    counts = []
    for source in sources:
        found_frames, in_ev = read_foreign(source, asked)
        frames = list(steps(found_frames, f"reading {source.name}", unit="frames"))
        if not keep_unconverged:
            refuse_unconverged(frames, source)
        fixed[in_ev] = source
        counts.append(len(frames))
        images.extend(frames)
    if len(fixed) == 2 and asked.units.stated:
        msg = f"--units is not for both {fixed[True]} and {fixed[False]}: import them one by one"
        raise DatasetError(msg)
    if frames_limit is not None and frames_limit < len(images):
        chosen = np.linspace(0, len(images) - 1, frames_limit).round().astype(int)
        counts = np.histogram(chosen, np.cumsum([0, *counts]))[0].tolist()
        images = [images[index] for index in chosen]
    where = ", ".join(str(source) for source in sources)
    if False in fixed:
        to_angstrom(images, asked.units)
    refuse_broken(Frames.from_atoms(images), where)
    elsewhere = where_forces_are(images, sources[0])
    in_ev = False not in fixed
    try:
        found = read_labels(images, asked.label_keys, where, fixed=in_ev, counts=counts)
    except LabelError as error:
        msg = ". ".join(filter(None, (for_import(str(error)), elsewhere)))
        raise LabelError(msg) from error
    for finding in found.findings:
        # What concerns the frames is found in the new file too; the keys of the old one are not.
        text = for_import(finding.message)
        telling = finding.code in _ABOUT_UNITS or "--keys" in text
        if remark is not None and telling:
            more = elsewhere if finding.code == "no-forces" else ""
            remark(" ".join(filter(None, (f"{finding.severity} {finding.code}: {text}", more))))
    # An input that is unusable, or not there, is found before anything is written.
    content = frames_with_inputs(images, inputs or {}, where)
    labels = found.labels
    if labels.forces is None and not found.unread.get("forces"):
        # No array of the sources could be forces, so that energies alone are all there is.
        values["labels"] = {"forces": NO_LABELS}
        if remark is not None:
            remark(
                'note energies-only: the card says forces = "none": energies alone are judged, and '
                "what needs forces is not asked"
            )
    doubts = {finding.code: finding.message for finding in found.findings if finding.code in DOUBTS}
    values["doubts"] = doubts
    _refuse_impossible_splits(table, images, content.offsets, found, where)
    # What became a label is not kept under its old name too.
    used = {key for taken in found.keys.values() for key in taken.split("` and `")}
    labelled = _labelled(images, labels, used, (inputs or {}).values())
    written = steps(labelled, f"writing {out.name}", len(images), "frames")
    taken_keys = ", ".join(f"{quantity} = {key}" for quantity, key in found.keys.items())
    values["recipe"] += f"; labels {taken_keys}"
    values["recipe"] += f"; read as {found.units}" if found.units else ""
    # Both or none: the file of frames is moved to its name after the card is written.
    with naming_errors(out), atomic_path(out) as temporary:
        # After an error too: its traceback would keep the iterator, and the progress shown.
        with closing(written):
            write_extxyz(temporary, written, suffix=data_suffix(out))
        values["files"] = [{"path": out.name, "sha256": file_sha256(temporary)}]
        write_card(card, values)
    return card


def _refuse_own_sources(sources: Sequence[Path], out: Path) -> None:
    """Refuse to replace a source, or the card that describes it, whatever its path is called."""
    card = card_path(out)
    for source in sources:
        for path in (out, card):
            if _same(path, source):
                msg = (
                    f"{path} is the source {source} itself, which would be replaced: name another "
                    "file with --out"
                )
                raise DatasetError(msg)
        if _same(card, card_path(source)):
            # A card that lies beside the source may be that of an earlier import of it.
            named = [file.path for file in DatasetCard.from_file(card).frame_files]
            if not named or any(_same(path, source) for path in named):
                msg = (
                    f"{card} is the card of the source {source}, and would be replaced: name "
                    "another file with --out"
                )
                raise DatasetError(msg)


def _same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file that exists, by links too."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def _refuse_impossible_splits(
    table: CardTable, images: Sequence[Atoms], offsets: IntArray, found: FoundLabels, where: str
) -> None:
    kept = found.judged(where)
    complete = found.labels.complete(offsets)[kept]
    roles = roles_of(images[index] for index in kept.tolist())
    try:
        make_splits(table.splits.located(Path()), roles, where, complete)
    except DatasetError as error:
        msg = f"{error}. Choose other numbers with --n-train, --n-validation and --n-test"
        raise DatasetError(msg) from error


def _labelled(
    images: Sequence[Atoms], labels: Labels, used: Collection[str], inputs: Collection[str]
) -> Iterator[Atoms]:
    """Structures with ``REF_`` labels, and the single values that each frame carried."""
    start = 0
    # A second energy beside the label would be read back as a result of a calculator.
    not_kept = {REF_ENERGY, "energy", "free_energy", *used}
    for index, image in enumerate(images):
        atoms = labelled_structure(image, labels, index, start, inputs)
        kept = {
            str(key): value
            for key, value in image.info.items()
            if key not in not_kept
            # The labels are in eV now.
            and not is_unit_key(str(key))
            and isinstance(value, str | bool | int | float | np.number | np.bool_)
        }
        # The labels stay the last entries of a frame, and an equal import the same bytes.
        atoms.info = {**kept, **atoms.info}
        start += len(atoms)
        yield atoms


def suggested_splits(n_frames: int, seed: int, sets: int = 3) -> dict[str, Any]:
    """Table ``[splits]`` for frames without a split.

    From 10,000 frames on it is the paper's: 1000 for training, 80 for validation. Below that
    the shares of the built-in datasets: 30 % for training, rounded down to a training size of
    the paper, and 6 % for validation.

    Raises
    ------
    DatasetError
        There are fewer than three frames.
    """
    if n_frames < 3:
        msg = f"{n_frames} frames cannot be split into training, validation and test"
        raise DatasetError(msg)
    if n_frames >= 10_000:
        train, validation = 1000, 80
    else:
        # 0.31 in place of 0.30 tolerates a few frames less than a round number.
        share = max(1, int(0.31 * n_frames))
        train = max((size for size in PAPER_TRAIN_SIZES if size <= share), default=share)
        validation = max(1, round(0.06 * n_frames))
    sizes = [size for size in PAPER_TRAIN_SIZES if size < train]
    return {
        "train": train,
        "validation": validation,
        "test": n_frames - train - validation,
        "train_sizes": [*sizes, train],
        "sets": sets,
        "seed": seed,
    }
