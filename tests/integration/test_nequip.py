"""The edge contract against nequip's own calculator, for NequIP and Allegro."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import read, write

from ms25_suite.environments.installation import Installation
from ms25_suite.errors import ElementCoverageError, ModelFileError, PotentialError
from ms25_suite.frames import Frames, Predictions
from ms25_suite.potentials.potential import Potential, PotentialOptions, from_model_file
from ms25_suite.potentials.registry import detect
from tests.unit.test_potentials_evaluate import STRUCTURES

pytestmark = pytest.mark.nequip

ORACLE = Path(__file__).parents[1] / "scripts" / "nequip_oracle.py"
FILES = [
    ("nequip", "model.ckpt"),
    ("nequip", "model.nequip.zip"),
    ("nequip", "model.nequip.pt2"),
    ("allegro", "model.ckpt"),
    ("allegro", "model.nequip.zip"),
    ("allegro", "model.nequip.pt2"),
]


def potential_of(path: Path, architecture: str) -> Potential:
    return from_model_file(path, architecture, "tiny", PotentialOptions(use_cache=False))


@pytest.fixture(scope="session")
def frames() -> Frames:
    """Every kind of frame in one batch, small alloys among them."""
    images = [atoms.copy() for atoms in STRUCTURES.values()]
    rng = np.random.default_rng(5)
    for seed in range(2):
        alloy = bulk("Ni", a=3.55, cubic=True) * (2, 1, 1)
        alloy.numbers = rng.choice([28, 29], len(alloy))
        alloy.rattle(0.15, seed=seed)
        images.append(alloy)
    return Frames.from_atoms(images)


@pytest.fixture(scope="session")
def expected(
    tiny_nequip: Path,
    nequip_place: Installation,
    frames: Frames,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Predictions]:
    """What nequip's calculator says of the checkpoints, frame by frame."""
    folder = tmp_path_factory.mktemp("oracle")
    write(folder / "frames.traj", [frames.atoms(index) for index in range(len(frames))])
    jobs = {name: (tiny_nequip / name / "model.ckpt", folder / name) for name in ("nequip", "allegro")}
    command = [str(nequip_place.python or sys.executable), str(ORACLE), str(folder / "frames.traj")]
    command += [f"{model}={out}.npz" for model, out in jobs.values()]
    subprocess.run(command, check=True, capture_output=True)
    found = {}
    for name, (_, out) in jobs.items():
        with np.load(f"{out}.npz") as arrays:
            found[name] = Predictions(**{key: arrays[key] for key in arrays.files})
    return found


def assert_equal(found: Predictions, expected: Predictions, frames: Frames) -> None:
    periodic = frames.pbc.all(axis=1)
    np.testing.assert_allclose(found.energy, expected.energy, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.forces, expected.forces, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.stress[periodic], expected.stress[periodic], rtol=0, atol=1e-8)
    assert np.isnan(found.stress[~periodic]).all()
