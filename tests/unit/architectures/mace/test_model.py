"""The adapter of MACE against MACE's own calculator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.io import read, write

from ms25_suite.architectures.testing import ArchitectureConformance
from ms25_suite.core.errors import (
    ElementCoverageError,
    ModelFileError,
    PotentialError,
    PredictionError,
)
from ms25_suite.core.frames import Frames
from ms25_suite.datasets.dataset import open_dataset
from ms25_suite.lammps.plan import MdPlan
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


@pytest.mark.slow
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


def make_model(path: Path, *arguments: str) -> Path:
    command = [sys.executable, str(SCRIPTS / "make_mace.py"), str(path), "28,29", "4.0", "8"]
    subprocess.run([*command, *arguments], check=True, capture_output=True)
    return path


EMBEDDINGS = """{
    "total_charge": {"type": "categorical", "per": "graph", "offset": 10, "num_classes": 21,
                     "emb_dim": 4},
    "total_spin": {"type": "continuous", "per": "graph", "in_dim": 1, "emb_dim": 4},
}"""


@pytest.mark.slow
def test_charge_and_spin_reach_a_model_that_embeds_them(tmp_path: Path) -> None:
    path = make_model(tmp_path / "charged.model", "Default", EMBEDDINGS)
    images = []
    for charge, spin in ((0, 1), (1, 2), (-2, 1), (None, None)):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.1, seed=1)
        if charge is not None:
            atoms.info.update(charge=charge, spin=spin)
        images.append(atoms)
    write(tmp_path / "ions.extxyz", images)
    expected = mace_calculator(path, tmp_path / "ions.extxyz", tmp_path / "oracle.npz")
    potential = from_model_file(path, "mace", "ions", PotentialOptions(use_cache=False))
    # As they are in the file, which has eight decimals.
    found = potential.predict(Frames.from_atoms(read(tmp_path / "ions.extxyz", ":")))
    assert potential.info().inputs == ("total_charge", "spin_multiplicity")
    potential.close()
    np.testing.assert_allclose(found.energy, expected["energy"], atol=1e-10)
    np.testing.assert_allclose(found.forces, expected["forces"], atol=1e-10)
    # They matter, and without them MACE takes a neutral singlet.
    assert len(set(np.round(found.energy, 6))) == 3
    assert found.energy[3] == pytest.approx(found.energy[0], abs=1e-12)


@pytest.mark.slow
def test_an_input_without_default_must_be_stated(tmp_path: Path) -> None:
    spec = '{"dielectric": {"type": "continuous", "per": "graph", "in_dim": 1, "emb_dim": 4}}'
    path = make_model(tmp_path / "solvent.model", "Default", spec)
    images = [bulk("Cu", cubic=True), bulk("Ni", cubic=True)]
    images[0].info["eps"] = 78.4
    potential = from_model_file(path, "mace", "solvent", PotentialOptions(use_cache=False))
    with pytest.raises(
        PredictionError, match=r"reads `dielectric` of each frame.*\[inputs\]"
    ) as told:
        potential.predict(Frames.from_atoms(images, {"dielectric": "eps"}))
    assert told.value.frames == (1,)
    found = potential.predict(Frames.from_atoms(images[:1], {"dielectric": "eps"}))
    potential.close()
    images[0].info["dielectric"] = 78.4
    write(tmp_path / "x.extxyz", images[0])
    expected = mace_calculator(path, tmp_path / "x.extxyz", tmp_path / "x.npz", "dielectric")
    assert found.energy[0] == pytest.approx(expected["energy"][0], abs=1e-10)


@pytest.mark.slow
def test_a_frame_chooses_its_head(tmp_path: Path) -> None:
    path = make_model(tmp_path / "two.model", "pbe,scan")
    images = [bulk("Cu", cubic=True) for _ in range(2)]
    potential = from_model_file(path, "mace", "two", PotentialOptions(use_cache=False))
    with pytest.raises(ModelFileError, match="has the heads pbe, scan, and none of them is called"):
        potential.predict(Frames.from_atoms(images))
    for atoms, head in zip(images, ("pbe", "scan"), strict=True):
        atoms.info["head"] = head
    energies = potential.predict(Frames.from_atoms(images)).energy
    potential.close()
    write(tmp_path / "x.extxyz", images)
    for index, head in enumerate(("pbe", "scan")):
        out = tmp_path / f"{head}.npz"
        expected = mace_calculator(path, tmp_path / "x.extxyz", out, f"head={head}")
        assert energies[index] == pytest.approx(expected["energy"][index], abs=1e-10)
    # The atomic energies alone differ by 10 eV.
    assert energies[0] - energies[1] > 30.0


@pytest.mark.slow
def test_a_head_that_was_asked_for_by_every_route(tmp_path: Path) -> None:
    path = make_model(tmp_path / "two.model", "pbe,scan")
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.1, seed=1)
    # What was asked for counts more than what a frame says.
    atoms.info["head"] = "pbe"
    frames = Frames.from_atoms([atoms])
    write(tmp_path / "x.extxyz", atoms)
    expected = mace_calculator(path, tmp_path / "x.extxyz", tmp_path / "x.npz", "head=scan")
    options = PotentialOptions(use_cache=False, head="scan")
    for route in ("", "calculator"):
        potential = from_model_file(path, "mace", "two", options, route=route)
        found = potential.predict(frames)
        np.testing.assert_allclose(found.energy, expected["energy"], atol=1e-8)
        np.testing.assert_allclose(found.forces, expected["forces"], atol=1e-8)
        np.testing.assert_allclose(found.stress, expected["stress"], atol=1e-8)
        if not route:
            assert potential.info().heads == ("pbe", "scan")
            assert "head" not in (potential.info().inputs or ())
            alone = atoms.copy()
            alone.calc = potential.calculator()
            assert alone.get_potential_energy() == pytest.approx(expected["energy"][0], abs=1e-8)
            run = potential.run_lammps(frames, MdPlan(ensemble="nve", n_steps=1))
            assert run.energy == pytest.approx(expected["energy"][0], abs=1e-8)
            np.testing.assert_allclose(run.forces, expected["forces"], atol=1e-8)
        potential.close()


def test_a_model_with_terms_beyond_its_cutoff_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its energy is no function of edges, so that every number would be wrong without a word."""
    # Where the worker finds the class of the model.
    monkeypatch.chdir(SCRIPTS)
    path = make_model(tmp_path / "long.model", "Default", "", "long_range")
    potential = from_model_file(path, "mace", "long", PotentialOptions(use_cache=False))
    with pytest.raises(ModelFileError, match=r"\(LongRange\) depends on more than the distances"):
        potential.predict(Frames.from_atoms([bulk("Cu")]))
    potential.close()


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
