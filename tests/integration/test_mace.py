"""Errors of a MACE model against MACE's own calculator and evaluation script."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.io import read

from ms25_suite.core.fields import QUANTITIES
from ms25_suite.datasets.dataset import open_dataset
from ms25_suite.metrics.errors import summarise_errors
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from tests.helpers.mace_oracle import mace_calculator

pytestmark = [pytest.mark.mace, pytest.mark.usefixtures("tiny_mace")]


@pytest.mark.slow
def test_errors_equal_those_of_an_ase_loop_and_of_mace_eval_configs(
    tiny_mace: Path, cuni: Path, tmp_path: Path
) -> None:
    dataset = open_dataset(str(cuni))
    frames, labels = dataset.frames, dataset.labels
    potential = from_model_file(tiny_mace, "mace", "tiny", PotentialOptions(use_cache=False))
    predictions = potential.predict(frames)
    potential.close()
    loop = mace_calculator(tiny_mace, cuni, tmp_path / "oracle.npz")
    n_atoms = frames.n_atoms
    expected = {
        "energy": np.mean(np.abs(loop["energy"] - labels.energy) / n_atoms),
        "forces": np.mean(np.abs(loop["forces"] - labels.forces)),
        "stress": np.mean(np.abs(loop["stress"] - labels.stress)),
    }
    found = {q: summarise_errors(q, frames, labels, predictions) for q in QUANTITIES}
    for quantity, value in expected.items():
        assert found[quantity].mae.value == pytest.approx(value, rel=1e-6)

    out = tmp_path / "evaluated.xyz"
    program = Path(sys.executable).parent / "mace_eval_configs"
    command = [str(program), f"--configs={cuni}", f"--model={tiny_mace}", f"--output={out}"]
    command += ["--compute_stress", "--default_dtype=float64", "--batch_size=5"]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    images = read(out, ":")
    energy = np.array([atoms.info["MACE_energy"] for atoms in images])
    forces = np.concatenate([atoms.arrays["MACE_forces"] for atoms in images])
    stress = np.array([np.asarray(a.info["MACE_stress"]).reshape(3, 3) for a in images])
    voigt = stress.reshape(-1, 9)[:, [0, 4, 8, 5, 2, 1]]
    assert np.mean(np.abs(energy - labels.energy) / n_atoms) == pytest.approx(
        found["energy"].mae.value, rel=1e-6
    )
    assert np.mean(np.abs(forces - labels.forces)) == pytest.approx(
        found["forces"].mae.value, rel=1e-6
    )
    assert np.mean(np.abs(voigt - labels.stress)) == pytest.approx(
        found["stress"].mae.value, rel=1e-6
    )
