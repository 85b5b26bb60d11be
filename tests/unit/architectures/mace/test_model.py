"""The adapter of MACE against MACE's own calculator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.architectures.mace.model import default_head
from ms25_suite.architectures.testing import ArchitectureConformance
from ms25_suite.core.errors import ElementCoverageError, ModelFileError, PotentialError
from ms25_suite.core.frames import Frames
from ms25_suite.datasets.dataset import open_dataset
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from tests.helpers.mace_oracle import SCRIPTS, mace_calculator

pytestmark = [pytest.mark.mace, pytest.mark.usefixtures("tiny_mace")]


class TestMace(ArchitectureConformance):
    architecture = "mace"

    @pytest.fixture(scope="class")
    @classmethod
    def model_file(cls, tiny_mace: Path) -> Path:
        return tiny_mace

    @pytest.fixture(scope="class")
    @classmethod
    def calculator_source(cls, model_file: Path) -> str:
        return f"""
from mace.calculators import MACECalculator
calculator = MACECalculator(
    model_paths={str(model_file)!r}, device="cpu", default_dtype="float64"
)
"""


def test_a_model_with_two_heads_is_judged_with_its_default_head(tmp_path: Path, cuni: Path) -> None:
    """Fine-tuning with replay puts the head of the pre-training data first."""
    script = SCRIPTS / "make_mace.py"
    path = tmp_path / "two.model"
    command = [sys.executable, str(script), str(path), "28,29", "4.0", "8", "pt_head,Default"]
    subprocess.run(command, check=True, capture_output=True)
    expected = mace_calculator(path, cuni, tmp_path / "oracle.npz")
    potential = from_model_file(path, "mace", "two", PotentialOptions(use_cache=False))
    found = potential.predict(open_dataset(str(cuni)).frames)
    potential.close()
    np.testing.assert_allclose(found.energy, expected["energy"], atol=1e-10)
    np.testing.assert_allclose(found.forces, expected["forces"], atol=1e-10)


def test_heads_without_a_default_are_refused() -> None:
    assert default_head(["only"], Path("m")) == 0
    assert default_head(["pt_head", "default"], Path("m")) == 1
    with pytest.raises(ModelFileError, match="has the heads a, b, and none of them is called"):
        default_head(["a", "b"], Path("m"))


def test_a_model_file_that_changes_under_way_is_noticed(tiny_mace: Path, tmp_path: Path) -> None:
    """Else predictions of one model would be kept under the name of another."""
    path = tmp_path / "m.model"
    path.write_bytes(tiny_mace.read_bytes())
    potential = from_model_file(path, "mace", "m", PotentialOptions())
    with path.open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelFileError, match="was changed while it was in use"):
        potential.predict(Frames.from_atoms([bulk("Cu", a=3.77)]))
    potential.close()


def test_elements_that_the_model_does_not_know_are_named(tiny_mace: Path) -> None:
    potential = from_model_file(tiny_mace, "mace", "tiny", PotentialOptions())
    with pytest.raises(
        ElementCoverageError, match="does not support Al: it supports Cr Fe Co Ni Cu, "
    ):
        potential.predict(Frames.from_atoms([bulk("Al")]))
    potential.close()


def test_a_mace_file_that_cannot_be_unpickled_is_named(tiny_mace: Path, tmp_path: Path) -> None:
    import zipfile

    broken = tmp_path / "model.model"
    with zipfile.ZipFile(tiny_mace) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            if not name.endswith("/data/0"):
                new.writestr(name, old.read(name))
    potential = from_model_file(broken, "mace", "broken", PotentialOptions())
    with pytest.raises(ModelFileError, match="looks like a MACE model but cannot be loaded"):
        potential.info()
    potential.close()


def test_a_gpu_that_is_not_there_is_said(tiny_mace: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA GPU")
    options = PotentialOptions(device="cuda", use_cache=False)
    potential = from_model_file(tiny_mace, "mace", "tiny", options)
    with pytest.raises(PotentialError, match=r"'cuda' was asked for.*--device=cpu"):
        potential.info()
    potential.close()
