"""Reading the files of an archive and sorting their frames by system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.fields import REF_ENERGY
from ms25_suite.core.frames import Frames
from ms25_suite.core.text.progress import progress
from ms25_suite.datasets.audit.run import frame_digests
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.formats.convergence import says_unconverged
from ms25_suite.datasets.formats.units import Quantity, Units
from ms25_suite.datasets.labelling.reading import NOT_STATED
from ms25_suite.datasets.name_hints import name_hints, own_words
from ms25_suite.datasets.published.archive import Member, members
from ms25_suite.datasets.published.files import NotFramesError, read_chunks
from ms25_suite.datasets.published.frames import LabelledFrame, labelled_frames
from ms25_suite.datasets.published.store import FrameStore, Gap, SystemFrames
from ms25_suite.datasets.published.systems import SYSTEMS, UnknownSystemError, recognise
from ms25_suite.datasets.readers.files import is_data_file
from ms25_suite.datasets.registry import builtin_card
from ms25_suite.datasets.splits import ROLE_CODES

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["ArchiveReader", "LeftOut"]

_SAME_ENERGY: Final = 1e-3
"""eV. Labels of one frame in two files that differ by more are not the same label."""

_FEW: Final = 10
"""Frames of a file that may be unusable together without being a large part of it: some hundred are
read at a time."""

_ROLE_NAMES: Final = {0: "train", 1: "validation", 2: "test"}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file, or frames of it, that was left out.

    Parameters
    ----------
    name
        File inside the source.
    reason
        Why.
    n_frames
        Number of frames; None for the whole file.
    """

    name: str
    reason: str
    n_frames: int | None = None


class ArchiveReader:
    """Reads files and sorts their frames by system.

    Parameters
    ----------
    store
        Keeps the frames.
    keys
        Keys of the labels, as far as the user named them, and units for labels whose unit the
        files leave open.
    assign
        Pairs of a system and a pattern of file names that are taken to be of it.
    exclude
        Patterns of names of files to leave out.
    by_system
        System to the keys and units of its labels, in place of those for all.
    """

    def __init__(
        self,
        store: FrameStore,
        keys: LabelKeys,
        assign: Sequence[tuple[str, str]],
        exclude: Sequence[str],
        by_system: Mapping[str, LabelKeys] | None = None,
    ) -> None:
        self.store = store
        self.systems: dict[str, SystemFrames] = {}
        self._damaged: dict[str, str] = {}
        self._gaps: dict[str, dict[str, Gap]] = {}
        self._refused: Counter[tuple[str, str]] = Counter()
        self._last_image = -1
        self._decided: dict[tuple[str, str], Units] = {}
        self.left_out: list[LeftOut] = []
        self.documents: list[str] = []
        self.recognised: dict[str, None] = {}
        self._keys = keys
        self._assign = assign
        self._exclude = exclude
        self._by_system = dict(by_system or {})
        self._applied: set[tuple[str, Quantity]] = set()

    def read(self, source: Path, scratch: Path) -> None:
        """Read all files of a source.

        Raises
        ------
        DatasetError
            There is no such source, it is damaged, or names in it lead out of it.
        """
        with progress(f"reading {source.name}", unit="frames") as bar:
            for member in members(source, scratch, self._leave_out_file):
                if any(_matches(member.name, pattern) for pattern in self._exclude):
                    self.left_out.append(LeftOut(member.name, "excluded by --exclude"))
                    continue
                if name_hints(member.name).observable == "curve":
                    reason = "an equation of state by its name, hence no samples of the dataset"
                    self.left_out.append(LeftOut(member.name, reason))
                    continue
                self._read_file(member, bar.advance)

        for system in self.systems.values():
            self._leave_out_bare(system)
            system.gaps = self._gaps
        for name, reason in self._damaged.items():
            for system in self._of_one_split(name):
                system.lost.setdefault(name, reason)

    def _of_one_split(self, name: str) -> list[SystemFrames]:
        """The systems that a damaged file of the archive's split belongs to, by its neighbours."""
        folder = PurePosixPath(name).parent
        by_words, by_folder = [], []
        for system in self.systems.values():
            files = (*system.files, *system.lost)
            if any(own_words(file) == own_words(name) for file in files):
                by_words.append(system)
            if any(PurePosixPath(file).parent == folder for file in files):
                by_folder.append(system)
        return by_words or by_folder

    def unused_units(self) -> list[str]:
        """Units that a person states, and that are those of no label which was read."""
        scopes = {"": self._keys, **self._by_system}
        return [
            f"{scope}{':' if scope else ''}{name}={unit}"
            for scope, keys in scopes.items()
            for name, unit in keys.units.stated.items()
            if name != "length" and (scope, name) not in self._applied
        ]

    def states_units(self, system: str) -> bool:
        """Whether a person states units for this system in particular."""
        keys = self._by_system.get(system)
        return keys is not None and bool(keys.units.stated)

    def _leave_out_bare(self, system: SystemFrames) -> None:
        """Leave out energies alone in files without a role, where other frames have forces.

        A file of the archive's split belongs to it as it is; any other may be a curve or a scan.
        """
        if len(system.bare) == len(system.places):
            return
        for name, entries in list(system.files.items()):
            if name_hints(name).role is not None:
                continue
            kept = [(frame, role) for frame, role in entries if role or frame not in system.bare]
            if len(kept) < len(entries):
                reason = "no forces, while other frames of the system have them"
                self.left_out.append(LeftOut(name, reason, len(entries) - len(kept)))
                system.files[name] = kept
                if not kept:
                    del system.files[name]

    def _leave_out_file(self, name: str, reason: str) -> None:
        self.left_out.append(LeftOut(name, reason))
        self._note_damage(name, reason)

    def _note_damage(self, name: str, reason: str) -> None:
        hints = name_hints(name)
        if hints.role is not None and hints.observable is None:
            self._damaged.setdefault(name, reason)

    def _read_file(self, member: Member, advance: Callable[[int], object]) -> None:
        reasons: Counter[str] = Counter()

        def leave_out(reason: str, n_frames: int) -> None:
            reasons[reason] += n_frames

        before, damage = 0, ""
        self._last_image = -1
        try:
            for images in read_chunks(member.path):
                self._take(images, member, before, leave_out)
                before += len(images)
                advance(len(images))
        except NotFramesError:
            self.documents.append(member.name)
            if is_data_file(member.path):
                damage = "no file of frames by its content"
                self._note_damage(member.name, damage)
        except DatasetError as error:
            text = str(error).replace(str(member.path), "it")
            kept = f"; the {before} frames before it were taken" if before else ""
            damage = f"{text}{kept}"
            self.left_out.append(LeftOut(member.name, damage))
            if before or is_data_file(member.path):
                self._note_damage(member.name, damage)
        for name, system in self.systems.items():
            # Single frames may be missing from a split, but no large part of a file.
            few = self._refused[member.name, name] <= _FEW
            if few and member.name in system.lost and member.name in system.files:
                del system.lost[member.name]
        self.left_out += [LeftOut(member.name, reason, n) for reason, n in reasons.items()]
        hints = name_hints(member.name)
        reason = damage or next(iter(reasons), "")
        if reason and hints.observable == "path":
            at_end = bool(damage) or self._last_image < before - 1
            self._gaps.setdefault(hints.together, {})[member.name] = Gap(reason, at_end)

    def _take(
        self,
        images: list[Atoms],
        member: Member,
        before: int,
        leave_out: Callable[[str, int], None],
    ) -> None:
        # By the frame, not by the file: one file may hold several systems.
        groups: dict[str, list[int]] = {}
        for index, atoms in enumerate(images):
            if says_unconverged(atoms):
                leave_out("the calculation did not converge", 1)
                continue
            try:
                groups.setdefault(self._system(atoms, member.name), []).append(index)
            except UnknownSystemError as error:
                leave_out(str(error), 1)
        hints = name_hints(member.name)
        if hints.observable is None:
            self.recognised |= dict.fromkeys(groups)
        for system, indices in groups.items():
            chosen = [images[index] for index in indices]
            undecided = self._keys.units
            keys = self._by_system.get(system, replace(self._keys, units=NOT_STATED))
            place = (member.name, system)
            prior = self._decided.get(place, NOT_STATED)
            frames = labelled_frames(
                *(chosen, keys, member.name, leave_out, undecided, prior), of_cp2k=_of_cp2k(system)
            )
            if not frames:
                if hints.role is not None and hints.observable is None:
                    self._refused[member.name, system] += len(chosen)
                    lost = self.systems.setdefault(system, SystemFrames()).lost
                    lost.setdefault(
                        member.name, f"the labels of {len(chosen)} frames of it cannot be used"
                    )
                continue
            scope = system if system in self._by_system else ""
            self._applied |= {(scope, name) for frame in frames for name in frame.stated}
            # What the first frames of a file show holds for all of it.
            self._decided.setdefault(place, frames[0].decided)
            collected = self.systems.setdefault(system, SystemFrames())
            if hints.observable == "path":
                for frame in frames:
                    # Which atoms were held is a part of a path, and none of a sample.
                    frame.atoms.set_constraint(chosen[frame.index].constraints)
                    self._last_image = before + indices[frame.index]
                    files = collected.paths.setdefault(hints.together, {})
                    files.setdefault(member.name, []).append(frame.atoms)
                continue
            numbers = [before + indices[frame.index] for frame in frames]
            self._keep(collected, frames, member.name, numbers)

    def _system(self, atoms: Atoms, name: str) -> str:
        if not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.cell.array).all():
            msg = "positions or cell are not finite"
            raise UnknownSystemError(msg)
        for system, pattern in self._assign:
            if _matches(name, pattern):
                elements = next(entry.elements for entry in SYSTEMS if entry.name == system)
                if not set(atoms.get_chemical_symbols()) <= set(elements):
                    msg = f"{atoms.symbols}: --assign names {system}, which has other elements"
                    raise UnknownSystemError(msg)
                return system
        return recognise(atoms)

    def _keep(
        self,
        collected: SystemFrames,
        frames: Sequence[LabelledFrame],
        name: str,
        numbers: Sequence[int],
    ) -> None:
        # An archive may hold the same frame as train-50, train-100 … and again in another format:
        # each structure is kept once, with all files that have it.
        digests = frame_digests(Frames.from_atoms(frame.atoms for frame in frames))
        entries = collected.files.setdefault(name, [])
        for frame, digest, number in zip(frames, digests, numbers, strict=True):
            known = collected.ids.setdefault(digest.tobytes(), len(collected.ids))
            energy = frame.atoms.info[REF_ENERGY]
            frame.atoms.info["source"] = f"{name}#{number}"
            if known == len(collected.places):
                collected.places.append(self.store.add(frame.atoms))
                collected.energies.append(energy)
                collected.keys[frame.keys[:2]] += 1
                collected.unread |= dict.fromkeys(frame.unread)
                if not frame.keys[1]:
                    collected.bare.add(known)
                collected.doubts.update(frame.doubts)
                if frame.units:
                    collected.units[frame.decided] += 1
                    collected.because.setdefault(frame.decided, frame.units)
            # The same positions with another energy: another level of theory, or a wrong label.
            elif abs(collected.energies[known] - energy) > _SAME_ENERGY:
                collected.conflicts += 1
            elif frame.keys[1] and known in collected.bare:
                # The same frame with more labels, such as in a file of another format.
                collected.places[known] = self.store.add(frame.atoms)
                collected.bare.remove(known)
            code = ROLE_CODES.get((frame.role or "").strip().lower())
            entries.append((known, None if code is None else _ROLE_NAMES[code]))


def _of_cp2k(system: str) -> bool:
    card = builtin_card(system)
    return card is not None and "CP2K" in (card.paper_level_of_theory or "")


def _matches(name: str, pattern: str) -> bool:
    return fnmatch(name.lower(), pattern.lower())
