"""Archives as the published one may be, and what an import made of them."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import write

from ms25_suite.datasets import Dataset, open_dataset
from ms25_suite.datasets.published.importer import ArchiveImport


def pack(folder: Path, archive: Path) -> Path:
    """A zip or tar of the content of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
            for path in files:
                out.write(path, path.relative_to(folder))
    else:
        with tarfile.open(archive, f"w:{archive.suffix[1:]}") as out:
            for path in files:
                out.add(path, path.relative_to(folder))
    return archive


def save(path: Path, images: list[Atoms]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, images)


def opened(found: ArchiveImport, name: str) -> Dataset:
    cards = {dataset.card.stem: dataset.card for dataset in found.datasets}
    return open_dataset(str(cards[name]))


def energies(images: Iterable[Atoms]) -> list[float]:
    return sorted(round(atoms.get_potential_energy(), 6) for atoms in images)


def energies_of(dataset: Dataset, frames: np.ndarray | None = None) -> list[float]:
    assert dataset.labels.energy is not None
    chosen = np.asarray(dataset.labels.energy)
    return sorted(np.round(chosen if frames is None else chosen[frames], 6).tolist())


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))
