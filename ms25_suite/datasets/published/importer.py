"""Turning an archive of unknown layout into one dataset for each system of the paper."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.findings import Finding
from ms25_suite.core.text.progress import steps
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.formats.units import factor
from ms25_suite.datasets.published.archive import natural_key
from ms25_suite.datasets.published.copies import first_copies
from ms25_suite.datasets.published.neb import ArchivePath, archive_path
from ms25_suite.datasets.published.reader import ArchiveReader, LeftOut
from ms25_suite.datasets.published.remarks import hidden_paths, label_remarks, path_remarks
from ms25_suite.datasets.published.roles import SourceFile, archive_splits, unusable
from ms25_suite.datasets.published.store import FrameStore, SystemFrames
from ms25_suite.datasets.published.systems import SYSTEMS
from ms25_suite.datasets.published.writer import WrittenDataset, link_partners, write_dataset

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["ArchiveImport", "ImportedDataset", "LeftOut", "import_archive"]

_ENDS: Final = (".toml", ".extxyz.xz", ".splits.json", "-neb.extxyz.xz")
"""Ends of the names of all files that are written of a system, the card first."""


@dataclass(frozen=True, slots=True)
class ImportedDataset:
    """One dataset that was written.

    Parameters
    ----------
    system
        Name in `ms25_suite.datasets.published.systems.SYSTEMS`.
    card
        Its card, which ``--dataset`` opens.
    n_frames, n_forces, n_stress
        Number of frames, and of those with forces and with a stress.
    n_atoms
        Smallest and largest number of atoms.
    files
        Files that its frames come from, with the number of frames in each.
    split
        Where the division comes from, and the sizes of its parts.
    path
        The reaction path that its card has; None without.
    notes
        Remarks for the user.
    findings
        What puts the units of the labels in doubt, and what the audit found.
    """

    system: str
    card: Path
    n_frames: int
    n_forces: int
    n_stress: int
    n_atoms: tuple[int, int]
    files: tuple[tuple[str, int], ...]
    split: str
    path: ArchivePath | None
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ArchiveImport:
    """Result of the import of an archive.

    Parameters
    ----------
    datasets
        What was written, in the order of the paper's systems.
    missing
        Systems of the paper that are not in it.
    refused
        Systems that are in it, and of which no frame could be used.
    left_out
        What was not taken.
    documents
        Files without frames, such as a README.
    removed
        Files of an earlier import into the same folder that were removed: a system of this import
        no longer has them.
    kept
        Cards of an earlier import into the same folder, of systems that are not in this archive.
    unused_units
        Units that were stated, and that are those of no label which was read.
    """

    datasets: tuple[ImportedDataset, ...]
    missing: tuple[str, ...]
    refused: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    documents: tuple[str, ...]
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    unused_units: tuple[str, ...] = ()


def import_archive(
    source: Path,
    out: Path,
    *,
    keys: LabelKeys | None = None,
    by_system: Mapping[str, LabelKeys] | None = None,
    assign: Sequence[tuple[str, str]] = (),
    exclude: Sequence[str] = (),
    level_of_theory: str | None = None,
    seed: int = 0,
    overwrite: bool = False,
) -> ArchiveImport:
    """Recognise the paper's systems in an archive and write a dataset for each.

    Parameters
    ----------
    source
        Folder, zip or tar archive, or file; archives inside are opened too.
    out
        Folder to write.
    keys
        Keys of the labels, if they have unusual names, and units for labels whose unit the files
        leave open.
    by_system
        System to the keys and units of its labels, in place of those for all.
    assign
        Pairs of a system and a pattern of file names: these files are not recognised, but taken
        to be of this system.
    exclude
        Patterns of names of files to leave out.
    level_of_theory
        Method behind the labels; None for what the paper states.
    seed
        Seed of the splits where the archive has none.
    overwrite
        Whether files in ``out`` may be replaced.

    Raises
    ------
    DatasetError
        The source is damaged or holds no system of the paper, ``out`` is in use, or a unit of
        length is stated.
    """
    _refuse_length([keys or LabelKeys(), *(by_system or {}).values()])
    _refuse_output(source, out, overwrite=overwrite)
    _remove_leftovers(out)
    # Beside its later place, so that one step moves it there.
    work = Path(tempfile.mkdtemp(prefix=_prefix(out), dir=out.parent))
    lock = _lock(work)
    lock.acquire(timeout=0)
    try:
        scratch, ready = work / "scratch", work / "ready"
        scratch.mkdir()
        ready.mkdir()
        with FrameStore(work) as store:
            reader = ArchiveReader(store, keys or LabelKeys(), assign, exclude, by_system)
            reader.read(source, scratch)
            datasets = _write(reader, ready, source.name, level_of_theory, seed)
        if not datasets:
            reasons = Counter(entry.reason for entry in reader.left_out)
            shown = "; ".join(reason for reason, _ in reasons.most_common(5)) or "no files"
            msg = f"{source} holds no frames of a system of the paper, nothing was written: {shown}"
            raise DatasetError(msg)
        out.mkdir(exist_ok=True)
        ready_names = {path.name for path in ready.iterdir()}
        found = {dataset.system for dataset in datasets}
        refused = [name for name in reader.recognised if name not in found]
        removed = _remove_outdated(out, [*found, *refused], ready_names)
        # Frames first: a card never describes a file that is not there yet.
        for path in sorted(ready.iterdir(), key=lambda p: p.suffix == ".toml"):
            path.replace(out / path.name)
    except OSError as error:
        msg = f"cannot write {out}: {error}"
        raise DatasetError(msg) from error
    finally:
        lock.release()
        shutil.rmtree(work, ignore_errors=True)
    missing = [system.name for system in SYSTEMS if system.name not in {*found, *refused}]
    return ArchiveImport(
        datasets=tuple(_moved(dataset, out) for dataset in datasets),
        missing=tuple(missing),
        refused=tuple(refused),
        left_out=tuple(reader.left_out),
        documents=tuple(reader.documents),
        removed=tuple(removed),
        kept=tuple(f"{name}.toml" for name in missing if (out / f"{name}.toml").is_file()),
        unused_units=tuple(reader.unused_units()),
    )


def _remove_outdated(out: Path, systems: Sequence[str], ready: Collection[str]) -> list[str]:
    """Remove what an earlier import wrote of some systems, and this one does not write anew.

    The card goes first: none describes a file that is gone.
    """
    names = [f"{system}{end}" for end in _ENDS for system in sorted(systems)]
    outdated = [name for name in names if name not in ready and (out / name).is_file()]
    for name in outdated:
        (out / name).unlink()
    return outdated


def _refuse_length(keys: Sequence[LabelKeys]) -> None:
    # Systems are recognised by their cells, which must be in Å for that.
    for length in (entry.units.length for entry in keys):
        if length and factor("length", length) != 1.0:
            msg = (
                f"--units length={length}: positions and cells of an archive are read in Å. "
                f"Convert the files first, ms25 data import FILE --units length={length} …"
            )
            raise DatasetError(msg)


def _prefix(out: Path) -> str:
    return f".{out.name}-import-"


def _lock(work: Path) -> BaseFileLock:
    import filelock

    return filelock.FileLock(work / "lock")


def _remove_leftovers(out: Path) -> None:
    """Remove what an import into the same folder left that was killed: nobody holds its lock."""
    import filelock

    for left in out.parent.glob(f"{_prefix(out)}*"):
        with suppress(filelock.Timeout, OSError), _lock(left).acquire(timeout=0):
            shutil.rmtree(left, ignore_errors=True)


def _refuse_output(source: Path, out: Path, *, overwrite: bool) -> None:
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        msg = f"{out} lies in {source}, which is read; name a folder outside of it"
        raise DatasetError(msg)
    if not out.parent.is_dir():
        msg = f"{out}: there is no folder {out.parent}"
        raise DatasetError(msg)
    if out.exists() and not out.is_dir():
        msg = f"{out} is a file; name a folder"
        raise DatasetError(msg)
    if not overwrite and out.is_dir() and any(out.iterdir()):
        msg = f"{out} is not empty: name another folder, or add --overwrite"
        raise DatasetError(msg)


def _moved(dataset: ImportedDataset, out: Path) -> ImportedDataset:
    return replace(dataset, card=out / dataset.card.name)


def _write(
    reader: ArchiveReader,
    folder: Path,
    origin: str,
    level_of_theory: str | None,
    seed: int,
) -> list[ImportedDataset]:
    datasets = []
    linked = []
    present = [system for system in SYSTEMS if system.name in reader.systems]
    for system in steps(present, "writing the datasets", unit="systems"):
        collected = reader.systems[system.name]
        if not collected.files:
            if not collected.paths:
                continue
            reason = f"of {system.name} there are only images of a reaction path, and no samples"
            reader.left_out += [LeftOut(name, reason) for name in collected.paths]
            continue
        # Only now: copies of a frame may be in files of different formats.
        _merge_copies(collected, reader.store)
        names = sorted(collected.files, key=natural_key)
        files = [
            SourceFile(
                name,
                tuple(frame for frame, _ in collected.files[name]),
                tuple(role for _, role in collected.files[name]),
            )
            for name in names
        ]
        splits, remarks = archive_splits(files)
        why = unusable(splits, remarks, collected.lost)
        if why:
            n_frames = len({frame for file in files for frame in file.frames})
            reader.left_out.append(LeftOut(system.name, why, n_frames))
            continue
        notes = [f"the archive's split was not used: {remark}" for remark in remarks]
        bands, histories = collected.bands()
        path, unused = archive_path(bands)
        notes += hidden_paths(collected, reader.store)
        # Each frame once, in the natural order of the files.
        order = list(dict.fromkeys(frame for file in files for frame in file.frames))
        try:
            written = write_dataset(
                folder,
                system,
                order,
                splits,
                path,
                collected.places,
                reader.store,
                origin=origin,
                level_of_theory=level_of_theory,
                seed=seed,
                converted="; ".join(collected.because.values()),
                doubts=tuple(collected.doubts),
                stated=reader.states_units(system.name),
            )
        except DatasetError as error:
            reader.left_out.append(
                LeftOut(system.name, str(error).replace(f"{folder}/", ""), len(order))
            )
            continue
        linked.append(written)
        counts = {name: len(collected.files[name]) for name in names}
        has_path = "neb" in written.values and path is not None
        path = path if has_path else None
        datasets.append(
            _imported(
                system.name,
                written,
                counts,
                path,
                [*notes, *collected.remarks(), *histories, *unused, *path_remarks(path, collected)],
            )
        )
    link_partners(linked)
    return datasets


def _imported(
    system: str,
    written: WrittenDataset,
    files: Mapping[str, int],
    path: ArchivePath | None,
    notes: Sequence[str],
) -> ImportedDataset:
    dataset = written.dataset
    offsets, n_atoms = dataset.frames.offsets, dataset.frames.n_atoms
    n_forces, n_stress = (
        0 if has is None else int(np.count_nonzero(has))
        for has in (dataset.labels.has_forces(offsets), dataset.labels.has_stress)
    )
    return ImportedDataset(
        system=system,
        card=written.card,
        n_frames=len(dataset),
        n_forces=n_forces,
        n_stress=n_stress,
        n_atoms=(int(n_atoms.min()), int(n_atoms.max())),
        files=tuple(files.items()),
        split=written.split,
        path=path,
        notes=(*notes, *label_remarks(len(dataset), n_forces, n_stress), *written.notes),
        findings=dataset.findings,
    )


def _merge_copies(collected: SystemFrames, store: FrameStore) -> None:
    first = first_copies(collected.energies, lambda i: store.get(collected.places[i]))
    for entries in collected.files.values():
        entries[:] = [(first[frame], role) for frame, role in entries]
