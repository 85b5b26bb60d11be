from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.core.errors import DatasetError, LabelError
from ms25_suite.datasets.formats.npz import read_npz
from ms25_suite.datasets.importers import import_data


def arrays(n: int = 6) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "symbols": np.array(["Si", "O", "O"]),
        "positions": rng.uniform(0, 8, (n, 3, 3)).astype(np.float32),
        "cells": np.broadcast_to(np.eye(3) * 8.0, (n, 3, 3)).astype(np.float32),
        "energies": rng.normal(-20, 1, n).astype(np.float32),
        "forces": rng.normal(0, 1, (n, 3, 3)).astype(np.float32),
    }


def npz(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "x.npz"
    content = arrays() | changes
    np.savez(path, **{key: value for key, value in content.items() if value is not None})
    return path


def test_without_cells_nothing_is_periodic(tmp_path: Path) -> None:
    images = list(read_npz(npz(tmp_path, cells=None)))
    assert not any(atoms.pbc.any() for atoms in images)


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"positions": None}, DatasetError, "expected arrays positions, symbols, .*found symbols"),
        ({"symbols": None}, DatasetError, r"found positions \(6, 3, 3\)"),
        ({"energies": None, "forces": None}, LabelError, "no labels. Expected energies and forces"),
        ({"positions": np.zeros((6, 9))}, DatasetError, r"`positions` must have shape .*\(6, 9\)"),
        ({"forces": np.zeros((5, 3, 3))}, DatasetError, r"`forces` must have shape \(6, 3, 3\)"),
        ({"energies": np.zeros(5)}, DatasetError, "`energies` must have shape"),
        ({"cells": np.zeros((6, 3))}, DatasetError, "`cells` must have shape"),
        ({"symbols": np.array(["Si", "O"])}, DatasetError, "`symbols` must have shape"),
        ({"symbols": np.array(["Si", "O", "Qq"])}, DatasetError, "chemical symbols, found Qq"),
        ({"symbols": np.array(["Si", "O", None])}, DatasetError, "without Python objects"),
    ],
)
def test_other_layouts_are_refused(
    tmp_path: Path, changes: dict[str, Any], error: type[Exception], match: str
) -> None:
    path = npz(tmp_path, **changes)
    with pytest.raises(error, match=match):
        import_data([path], tmp_path / "y.extxyz")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["x.npz"]


def test_archives_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with pytest.raises(DatasetError, match="there is no file"):
        list(read_npz(path))
    for content in (b"", b"PK\x03\x04 broken", b"text"):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match="cannot be read as a NumPy archive"):
            list(read_npz(path))
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DatasetError, match="cannot be read as a NumPy archive"):
        list(read_npz(path))
