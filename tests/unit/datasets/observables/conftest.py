from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write

from ms25_suite.datasets import Dataset, open_dataset


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., Dataset]:
    """A dataset of Cu and Ni with a card that has the given table."""
    frame = bulk("Cu", cubic=True)
    frame.symbols[0] = "Ni"
    frame.info["REF_energy"] = -14.0
    write(tmp_path / "frames.extxyz", frame)

    def make(table: str, files: dict[str, list[Atoms]], level: str = "EMT") -> Dataset:
        for name, images in files.items():
            write(tmp_path / name, images)
        card = tmp_path / "card.toml"
        head = f'name = "mine"\nfiles = "frames.extxyz"\nlevel_of_theory = "{level}"\n'
        card.write_text(head + table, encoding="utf-8")
        return open_dataset(str(card))

    return make
