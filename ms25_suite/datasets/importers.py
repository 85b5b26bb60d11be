"""Turning foreign files into extended XYZ with ``REF_`` labels and a card."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import BadZipFile

import numpy as np

from ms25_suite.core.cache import atomic_path, file_sha256
from ms25_suite.core.errors import DatasetError, LabelError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.core.frames import Labels
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.readers.files import (
    WRITABLE,
    data_suffix,
    naming_errors,
    read_images,
    write_extxyz,
)
from ms25_suite.datasets.readers.labels import find_labels
from ms25_suite.datasets.splits import PAPER_TRAIN_SIZES

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "card_path",
    "import_data",
    "read_npz",
    "refuse_output",
    "suggested_splits",
    "write_card",
]


def card_path(data: Path) -> Path:
    """Path of the card of a file of frames: the same name, ending ``.toml``."""
    from ms25_suite.datasets.readers.files import stem

    return data.with_name(f"{stem(data)}.toml")


def write_card(path: Path, values: Mapping[str, Any]) -> None:
    """Write a card.

    Parameters
    ----------
    path
        The TOML file.
    values
        Keys of the card; a mapping becomes a table (of tables), a list of mappings an
        array of tables, and one inside a table a list of inline tables.
        None and empty values are left out.
    """
    kept = {key: value for key, value in values.items() if value not in (None, "", (), [], {})}
    plain = {key: value for key, value in kept.items() if not _is_table(value)}
    lines = [f"{key} = {_literal(value)}" for key, value in plain.items()]
    for key, value in kept.items():
        if key in plain:
            continue
        tables = [value] if isinstance(value, Mapping) else value
        for table in tables:
            lines += ["", f"[{key}]" if isinstance(value, Mapping) else f"[[{key}]]"]
            lines += [
                f"{name} = {_literal(entry)}"
                for name, entry in table.items()
                if not isinstance(entry, Mapping)
            ]
            for name, entry in table.items():
                if isinstance(entry, Mapping):
                    lines += ["", f"[{key}.{name}]"]
                    lines += [f"{inner} = {_literal(item)}" for inner, item in entry.items()]
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, Sequence) and bool(value) and isinstance(value[0], Mapping)
    )


def _literal(value: Any) -> str:
    """TOML literal; JSON's strings, numbers, booleans and lists of those are TOML as well."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_literal(item)}' for key, item in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


_NPZ_KEYS: Final = ("positions", "symbols")
_NPZ_LABELS: Final = ("energies", "forces")
_STRESS_NAMES: Final = ("stresses", "stress")


def import_data(
    sources: Sequence[Path],
    out: Path,
    *,
    name: str | None = None,
    level_of_theory: str | None = None,
    splits: dict[str, Any] | None = None,
    frames_limit: int | None = None,
    keys: LabelKeys | None = None,
    progress: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write frames of any files as extended XYZ with ``REF_`` labels, and a card beside it.

    Parameters
    ----------
    sources
        ``.npz`` files (see `read_npz`), and anything that ASE reads.
    out
        File to write: ``.extxyz``, or compressed ``.extxyz.xz``.
    name, level_of_theory, splits
        For the card; ``splits`` is its table ``[splits]``.
    frames_limit
        Number of frames to keep, evenly spaced: neighbours in a trajectory are alike.
    keys
        Keys of the labels where they have unusual names.
    progress
        Whether to show a progress bar on the standard error stream.
    overwrite
        Whether ``out`` and its card may be replaced.

    Returns
    -------
    Path
        The card, which `ms25_suite.datasets.open_dataset` opens.

    Raises
    ------
    LabelError
        The labels are missing, partial or not finite.
    DatasetError
        A file cannot be read, ``out`` exists or has another extension, or the disk is full.
    """
    from tqdm import tqdm

    refuse_output(out, overwrite=overwrite)
    images: list[Atoms] = []
    for source in tqdm(sources, "read", disable=not progress, unit="file"):
        if source.suffix.lower() == ".npz":
            images.extend(read_npz(source))
        else:
            images.extend(read_images(source, any_format=True))
    if frames_limit is not None and frames_limit < len(images):
        chosen = np.linspace(0, len(images) - 1, frames_limit).round().astype(int)
        images = [images[index] for index in chosen]
    where = ", ".join(str(source) for source in sources)
    found = find_labels(images, keys or LabelKeys(), where)
    labelled = _labelled(images, found.labels)
    bar = tqdm(labelled, "write", total=len(images), disable=not progress, unit="frame")
    card = card_path(out)
    values: dict[str, Any] = {
        "name": name,
        "level_of_theory": level_of_theory,
        "recipe": f"imported from {', '.join(source.name for source in sources)}; labels "
        + ", ".join(f"{quantity} = {key}" for quantity, key in found.keys.items()),
        "splits": splits,
    }
    # Both or none: the frames get their name when their card is written.
    with naming_errors(out), atomic_path(out) as temporary:
        write_extxyz(temporary, bar, suffix=data_suffix(out))
        values["files"] = [{"path": out.name, "sha256": file_sha256(temporary)}]
        write_card(card, values)
    return card


def refuse_output(out: Path, *, overwrite: bool) -> None:
    """Check a path before much work is done for it.

    Raises
    ------
    DatasetError
        The extension cannot be written, the folder is missing, or something is there already.
    """
    if data_suffix(out).lower() not in WRITABLE:
        msg = f"{out}: expected a name that ends in one of {', '.join(WRITABLE)}"
        raise DatasetError(msg)
    if not out.parent.is_dir():
        msg = f"{out}: there is no folder {out.parent}"
        raise DatasetError(msg)
    for path in (out, card_path(out)):
        if path.exists() and not overwrite:
            msg = f"{path} exists already: name another file, or add --overwrite"
            raise DatasetError(msg)


def read_npz(path: Path) -> Iterator[Atoms]:
    """Frames of one composition from a NumPy archive, as the Si-ZEO22 data have it.

    Expected are ``positions`` (n, n_atoms, 3) in Å, ``symbols`` (n_atoms,), ``energies`` (n,) in
    eV, ``forces`` (n, n_atoms, 3) in eV/Å; and as far as there are any, ``cells`` (n, 3, 3) or
    (3, 3) in Å and ``stresses`` (n, 6) or (n, 3, 3) in eV/Å^3. Without cells the frames are not
    periodic.

    Raises
    ------
    DatasetError
        It is no such archive, or the shapes do not fit together.
    LabelError
        There are neither energies nor forces.
    """
    from ase import Atoms

    if not path.is_file():
        msg = f"there is no file {path}"
        raise DatasetError(msg)
    try:
        # Opened here, since NumPy leaves a file open that turns out to be no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except (ValueError, TypeError, OSError, EOFError, BadZipFile) as error:
        msg = f"{path} cannot be read as a NumPy archive without Python objects: {error}"
        raise DatasetError(msg) from error
    layout = ", ".join(f"{key} {value.shape}" for key, value in arrays.items())
    if any(key not in arrays for key in _NPZ_KEYS):
        msg = (
            f"{path}: expected arrays {', '.join(_NPZ_KEYS + _NPZ_LABELS)} (and cells, stresses), "
            f"found {layout or 'none'}"
        )
        raise DatasetError(msg)
    if not any(key in arrays for key in _NPZ_LABELS):
        msg = f"{path}: no labels. Expected {' and '.join(_NPZ_LABELS)}, found {layout}"
        raise LabelError(msg)
    _check_npz(path, arrays)
    n_frames = len(arrays["positions"])
    cells = arrays.get("cells")
    symbols = [str(symbol).strip() for symbol in arrays["symbols"]]
    stress_name = next((name for name in _STRESS_NAMES if name in arrays), None)
    for index in range(n_frames):
        cell = None if cells is None else (cells if cells.ndim == 2 else cells[index])
        atoms = Atoms(
            symbols,
            positions=arrays["positions"][index].astype(np.float64),
            cell=None if cell is None else cell.astype(np.float64),
            pbc=cell is not None,
        )
        if "energies" in arrays:
            atoms.info[REF_ENERGY] = float(arrays["energies"].reshape(n_frames)[index])
        if "forces" in arrays:
            atoms.arrays[REF_FORCES] = arrays["forces"][index].astype(np.float64)
        if stress_name is not None:
            atoms.info[REF_STRESS] = arrays[stress_name][index].astype(np.float64)
        yield atoms


def _check_npz(path: Path, arrays: dict[str, Any]) -> None:
    from ase.data import atomic_numbers

    shape = arrays["positions"].shape
    if len(shape) != 3 or shape[2] != 3 or 0 in shape:
        msg = f"{path}: `positions` must have shape (n_frames, n_atoms, 3), found {shape}"
        raise DatasetError(msg)
    n_frames, n_atoms, _ = shape
    allowed: dict[str, tuple[tuple[int, ...], ...]] = {
        "symbols": ((n_atoms,),),
        "energies": ((n_frames,), (n_frames, 1)),
        "forces": ((n_frames, n_atoms, 3),),
        "cells": ((n_frames, 3, 3), (3, 3)),
        **dict.fromkeys(_STRESS_NAMES, ((n_frames, 6), (n_frames, 3, 3))),
    }
    for key, shapes in allowed.items():
        if key in arrays and arrays[key].shape not in shapes:
            msg = (
                f"{path}: `{key}` must have shape {' or '.join(map(str, shapes))} to fit "
                f"`positions` {shape}, found {arrays[key].shape}"
            )
            raise DatasetError(msg)
    unknown = {str(s).strip() for s in arrays["symbols"]} - set(atomic_numbers)
    if unknown:
        msg = f"{path}: `symbols` must be chemical symbols, found {', '.join(sorted(unknown))}"
        raise DatasetError(msg)


def _labelled(images: Sequence[Atoms], labels: Labels) -> Iterator[Atoms]:
    """Bare structures with ``REF_`` labels, and the single values that each frame carried."""
    from ase import Atoms

    start = 0
    not_kept = {REF_ENERGY, "energy", "free_energy"}
    for index, image in enumerate(images):
        atoms = Atoms(
            numbers=image.numbers, positions=image.positions, cell=image.cell, pbc=image.pbc
        )
        for key, value in image.info.items():
            if key not in not_kept and isinstance(value, str | bool | int | float | np.number):
                atoms.info[str(key)] = value
        if labels.energy is not None:
            atoms.info[REF_ENERGY] = float(labels.energy[index])
        if labels.forces is not None:
            atoms.arrays[REF_FORCES] = labels.forces[start : start + len(atoms)]
        if labels.stress is not None and np.isfinite(labels.stress[index]).all():
            atoms.info[REF_STRESS] = labels.stress[index]
        start += len(atoms)
        yield atoms


def suggested_splits(n_frames: int, seed: int, sets: int = 3) -> dict[str, Any]:
    """Table ``[splits]`` for frames that nobody has trained on yet.

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
