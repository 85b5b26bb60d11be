"""Finding the files of a user's dataset, and the card that describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ms25_suite.core.documents.files import (
    FOLDER,
    MISSING,
    file_problem,
    refuse_irregular,
    user_path,
)
from ms25_suite.core.errors import (
    CardError,
    DatasetError,
    UnknownDatasetError,
    did_you_mean,
)
from ms25_suite.core.text.shown import encodable
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.datasets.cards.files import CardFile
from ms25_suite.datasets.cards.splits import ROLES, SplitsConfig
from ms25_suite.datasets.formats.deepmd import is_deepmd_folder
from ms25_suite.datasets.name_hints import NameHints, name_hints
from ms25_suite.datasets.readers.files import is_data_file, stem
from ms25_suite.datasets.registry import suggestion
from ms25_suite.datasets.tiers import MINI, Tier

__all__ = ["user_card"]


def user_card(spec: str, tier: Tier = MINI) -> DatasetCard:
    """Card of a user's files, with the list of files.

    Parameters
    ----------
    spec
        A file, a folder, several files joined by commas, or a card.
    tier
        Tier whose names are suggested where there is no such file.

    Raises
    ------
    UnknownDatasetError
        There is nothing with that name.
    CardError
        The card is invalid, or names no files.
    DatasetError
        The folder holds no files of frames.
    """
    # A comma may also be part of a name that exists.
    if "," in spec and not _exists(spec):
        names = [part.strip() for part in spec.split(",") if part.strip()]
        paths = [user_path(name, "dataset", UnknownDatasetError) for name in names]
        for part in paths:
            _refuse_missing(part, tier)
        if any(not is_data_file(part) for part in paths):
            msg = (
                f"expected files of frames joined by commas, found {spec!r}; "
                f"open a card or a folder alone"
            )
            raise DatasetError(msg)
        return DatasetCard(name=_joined_name(paths), files=tuple(CardFile(p) for p in paths))
    path = user_path(spec, "dataset", UnknownDatasetError)
    _refuse_missing(path, tier)
    if path.is_dir():
        return _folder_card(path)
    if path.suffix.lower() == ".toml":
        card = DatasetCard.from_file(path)
        if not card.frame_files:
            same_name = [p for p in _data_files(path.parent) if stem(p) == path.stem]
            if len(same_name) != 1:
                msg = f'{path}: `files` is missing; name the files of frames: files = ["…"]'
                raise CardError(msg)
            card = replace(card, files=(CardFile(same_name[0]),))
        return card
    # The card counts even if the user named the file of frames, so that its splits and units
    # apply.
    beside = path.with_name(f"{stem(path)}.toml")
    if is_data_file(path) and beside.is_file():
        card = DatasetCard.from_file(beside)
        if not card.frame_files:
            return replace(card, files=(CardFile(path),))
        if [file.path.resolve() for file in card.frame_files] != [path.resolve()]:
            named = ", ".join(str(file.path) for file in card.frame_files)
            msg = (
                f"{beside} lies beside {path}, but describes {named}. Open the card itself "
                f"(--dataset={beside}), or move it away"
            )
            raise CardError(msg)
        return card
    return DatasetCard(name=encodable(stem(path)), files=(CardFile(path),))


def _exists(spec: str) -> bool:
    try:
        return Path(spec).expanduser().exists()
    except (RuntimeError, OSError, ValueError):  # no file can have such a name
        return False


def _refuse_missing(path: Path, tier: Tier) -> None:
    spec = str(path)
    problem = file_problem(path)
    if problem == FOLDER:
        return
    if problem != MISSING:
        refuse_irregular(path, "the dataset", UnknownDatasetError)
        return
    looks_like_path = path.suffix != "" or len(path.parts) > 1
    what = (
        f"there is no file or folder {path}"
        if looks_like_path
        else f"unknown dataset {str(path)!r}"
    )
    folder = path.parent
    names = []
    with suppress(OSError):
        names = [entry.name for entry in folder.iterdir()]
    near = did_you_mean(path.name, names, cutoff=0.8) if looks_like_path else ""
    msg = (
        f"{what}.{near} {suggestion('' if looks_like_path else spec, tier)}, or a path to your own "
        f"(.extxyz, .traj, .db, a folder, a card)"
    )
    raise UnknownDatasetError(msg)


def _data_files(folder: Path) -> list[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        msg = f"cannot list the folder {folder}: {error.strerror or error}"
        raise DatasetError(msg) from error
    # Hidden files are no data: macOS leaves `._NAME` beside NAME in archives, editors `.NAME.swp`.
    return [
        path
        for path in entries
        if not path.name.startswith(".") and path.is_file() and is_data_file(path)
    ]


def _folder_card(folder: Path) -> DatasetCard:
    card_path = folder / "card.toml"
    card = (
        DatasetCard.from_file(card_path)
        if card_path.is_file()
        else DatasetCard(name=encodable(folder.resolve().name))
    )
    if card.frame_files:
        return card
    paths = _data_files(folder)
    if not paths and is_deepmd_folder(folder):
        msg = (
            f"the folder {folder} is one of DeePMD-kit: convert it first, "
            f"`ms25 data import {folder} --out {folder.resolve().name}.extxyz`"
        )
        raise DatasetError(msg)
    if not paths:
        msg = f"the folder {folder} holds no files of frames (.extxyz, .xyz, .traj, .db)"
        raise DatasetError(msg)
    if card.splits == SplitsConfig():
        hints = {path: name_hints(path.name) for path in paths}
        # Images of a path and strained cells are no samples, unless there is nothing else.
        paths = [path for path in paths if hints[path].observable is None] or paths
        by_role = _by_role(folder, {path: hints[path] for path in paths})
        if by_role:
            return replace(card, splits=replace(card.splits, files=by_role))
    return replace(card, files=tuple(CardFile(path) for path in paths))


def _by_role(
    folder: Path, hints: Mapping[Path, NameHints]
) -> tuple[tuple[str, tuple[Path, ...]], ...]:
    """Files of each role by their names; none if no name says a role.

    With all as test frames, a potential would be judged on its training data.

    Raises
    ------
    DatasetError
        Names say roles, but not which frames are for testing.
    """
    by_role = tuple(
        (role, tuple(path for path, hint in hints.items() if hint.role == role)) for role in ROLES
    )
    by_role = tuple((role, paths) for role, paths in by_role if paths)
    if not by_role:
        return ()
    silent = [path.name for path, hint in hints.items() if hint.role is None]
    training = dict(by_role).get("train", ())
    problem = ""
    if silent:
        problem = f"the names of some files say what they are for, and {silent[0]} does not"
    elif len(by_role) == 1 and training:
        problem = "by their names all files are for training, and none for testing"
    elif len({hint.set_number for hint in hints.values()}) > 1:
        problem = "its files are of several sets"
    elif len(training) > 1 and any(hints[path].size for path in training):
        problem = "its training files are of several sizes, which may hold the same frames"
    if problem:
        msg = (
            f"{folder}: {problem}, so a potential could be judged on frames that it was trained "
            f"on. Name the file to judge it on (--dataset={folder}/…), say in a card which file "
            f"is for what ([splits]), or import the folder: ms25 data archive {folder} --out NEW"
        )
        raise DatasetError(msg)
    return by_role


def _joined_name(paths: Sequence[Path]) -> str:
    names = list(dict.fromkeys(encodable(stem(path)) for path in paths))
    return "+".join(names[:3]) + (f"+{len(names) - 3}" if len(names) > 3 else "")
