"""Files of built-in data: read them, compare their labels, and kill builds of them."""

from __future__ import annotations

import io
import lzma
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io import read

from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.registry import builtin_card

REPOSITORY = Path(__file__).parents[2]


def read_packed(path: Path) -> list[Atoms]:
    """Frames of an xz file; unpacked first, since ASE seeks in it, which takes minutes."""
    text = lzma.decompress(path.read_bytes()).decode()
    return list(read(io.StringIO(text), index=":", format="extxyz"))


def shipped_frames(name: str) -> list[Atoms]:
    """Frames of a built-in dataset."""
    card = builtin_card(name)
    assert card is not None
    return read_packed(card.files[0].path)


def check_labels(
    atoms: Atoms,
    reference: Any,
    *,
    energy: float = 3e-8,
    forces: float = 3e-8,
    stress: float = 3e-10,
) -> None:
    """The stored labels are those of the stored positions, within tolerances in eV and Å."""
    bare = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
    bare.calc = reference
    assert bare.get_potential_energy() == pytest.approx(atoms.info[REF_ENERGY], abs=energy, rel=0)
    np.testing.assert_allclose(bare.get_forces(), atoms.arrays[REF_FORCES], rtol=0, atol=forces)
    np.testing.assert_allclose(bare.get_stress(), atoms.info[REF_STRESS], rtol=0, atol=stress)


def finished_jobs(out: Path) -> list[Path]:
    """Files of the finished jobs of an interrupted build."""
    return sorted(out.parent.glob(f"{out.name}.work/*/trajectory-*.extxyz"))


def kill_build(module: str, out: Path, *arguments: Path) -> None:
    """Run ``build(out, *arguments)`` of a test module, and kill it once one job is finished."""
    script = out.parent / "killed.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\n"
        f"sys.path.insert(0, {str(REPOSITORY)!r})\n"
        f"from {module} import build\n"
        "if __name__ == '__main__':\n    build(*map(Path, sys.argv[1:]))\n"
    )
    command = [sys.executable, str(script), str(out), *map(str, arguments)]
    with subprocess.Popen(command) as process:
        deadline = time.monotonic() + 300  # a busy machine needs its time
        while not finished_jobs(out):
            if process.poll() is not None or time.monotonic() > deadline:
                break
            time.sleep(0.002)
        process.kill()
    script.unlink()
    assert finished_jobs(out)
    assert not out.exists()


WRONG = {
    "duplicate-frames",
    "train-test-overlap",
    "stress-unit",
    "stress-sign",
    "virial-as-stress",
    "energy-outliers",
    "overlapping-atoms",
}
"""Findings that no shipped dataset has. Others are about small cells."""


def check_card(name: str, n_frames: int, n_atoms: int, *, trainable: bool) -> None:
    """A stand-in dataset is what its card says, and its split is that of the mini tier."""
    dataset = open_dataset(name)  # verifies the sha256
    assert len(dataset.frames) == n_frames
    assert set(dataset.frames.n_atoms.tolist()) == {n_atoms}
    assert not WRONG & {finding.code for finding in dataset.findings}
    card = dataset.card
    assert card.stand_in
    assert card.threshold_class == "standard"
    assert card.paper_level_of_theory != card.level_of_theory
    assert dataset.splits.train_sizes == ((25, 50, 100, 200) if trainable else ())
    assert len(dataset.splits.parts) == (3 if trainable else 1)
    for train, validation, test in dataset.splits.parts:
        assert len(train) == (200 if trainable else 0)
        assert len(validation) == (40 if trainable else 0)
        assert len(test) == n_frames - len(train) - len(validation)
        assert len(test) >= (60 if n_atoms > 150 else 100)


def check_some_labels(name: str, reference: Any) -> None:
    """The reference gives the labels of the first, the middle and the last frame."""
    images = shipped_frames(name)
    for index in (0, len(images) // 2, -1):
        check_labels(images[index], reference)
