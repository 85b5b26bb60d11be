"""SevenNet and CHGNet in environments of their own, made from the package index."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.io import read, write

from ms25_suite.core.frames import Frames
from ms25_suite.potentials.frameworks.model import FrameworkModel
from ms25_suite.potentials.frameworks.opening import from_framework, place_of
from ms25_suite.potentials.potential import PotentialOptions

pytestmark = [pytest.mark.slow, pytest.mark.network]

OWN = {
    "sevennet": "from sevenn.calculator import SevenNetCalculator\n"
    "made = SevenNetCalculator('7net-0', device='cpu')\n",
    "chgnet": "from chgnet.model.dynamics import CHGNetCalculator\n"
    "made = CHGNetCalculator(use_device='cpu')\n",
}

PRINTED = """
import json, sys
from ase.io import read
found = []
for atoms in read(sys.argv[1], ":"):
    atoms.calc = made
    found.append([atoms.get_potential_energy(), atoms.get_forces().tolist(),
                  atoms.get_stress().tolist()])
print(json.dumps(found, default=float))
"""


@pytest.mark.parametrize("framework", list(OWN))
def test_predictions_are_those_of_the_package(tmp_path: Path, framework: str) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "ms25_suite", "env", "create", framework],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    images = [
        bulk("MgO", "rocksalt", a=4.2, cubic=True),
        bulk("Si", cubic=True),
        bulk("MgO", "rocksalt", a=4.3),
        bulk("ZnO", "wurtzite", a=3.25, c=5.2) * (2, 1, 1),
    ]
    for seed, atoms in enumerate(images):
        atoms.rattle(0.05, seed=seed)
        # Each component of the stress is another one.
        shear = np.eye(3) + 0.02 * np.random.default_rng(seed).normal(size=(3, 3))
        atoms.set_cell(atoms.cell.array @ shear, scale_atoms=True)
    write(tmp_path / "frames.extxyz", images)
    # A file has 8 decimals: both get the same ones.
    images = read(tmp_path / "frames.extxyz", ":")
    model = FrameworkModel(framework, {"sevennet": "7net-0", "chgnet": "0.3.0"}[framework])
    potential = from_framework(model, "model", PotentialOptions(use_cache=False))
    # One batch.
    assert potential.by_calculator() is not None
    assert sum(map(len, images)) <= potential.options.batch_atoms
    try:
        found = potential.predict(Frames.from_atoms(images))
    finally:
        potential.close()
    (tmp_path / "own.py").write_text(OWN[framework] + PRINTED)
    own = subprocess.run(
        [place_of(model.environment).python or "", tmp_path / "own.py", tmp_path / "frames.extxyz"],
        capture_output=True,
        text=True,
        check=True,
    )
    energy, forces, stress = zip(*json.loads(own.stdout.splitlines()[-1]), strict=True)
    # Models in single precision.
    assert found.energy == pytest.approx(np.array(energy), abs=1e-5)
    assert found.forces == pytest.approx(np.concatenate(forces), abs=1e-5)
    assert found.stress == pytest.approx(np.array(stress), abs=1e-6)
