"""The adapters of NequIP and Allegro against nequip's own calculator."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.io import write

from ms25_suite.architectures.testing import ArchitectureConformance, standard_frames
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.environments.installation import Installation
from ms25_suite.lammps.plan import MdPlan
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.registry import detect
from tests.helpers.tiny_nequip import run_script

pytestmark = pytest.mark.nequip

ONE_ATOM = "one-atom cell smaller than the cutoff"
FILES = [
    ("nequip", "model.ckpt"),
    ("nequip", "model.nequip.zip"),
    ("allegro", "model.ckpt"),
    ("allegro", "model.nequip.zip"),
    ("allegro", "model.nequip.pt2"),
]
# File, change of a text in the metadata of a compiled model, member to leave out, device, error.
BROKEN = {
    "device": (
        "model.nequip.pt2",
        ('"AOTI_DEVICE_KEY": "cpu"', '"AOTI_DEVICE_KEY": "cuda"'),
        "",
        "compiled for the device 'cuda' and cannot run on 'cpu'",
    ),
    "elements": (
        "model.nequip.pt2",
        ('"Ni Cu"', '"A B"'),
        "",
        "expected one type of atoms for each chemical element, found the types A, B",
    ),
    "native code": ("model.nequip.pt2", None, ".so", "is a compiled model that cannot be loaded"),
    "package": ("model.nequip.zip", None, "graph_model.py", "allegro package but cannot be loaded"),
    "checkpoint": ("model.ckpt", None, "/data/0", "allegro checkpoint but cannot be loaded"),
}


@dataclass(frozen=True)
class Found:
    """What the process in the environment of nequip wrote."""

    known: Mapping[str, Mapping[str, Any]]
    arrays: Mapping[str, np.ndarray]
    frames: Mapping[str, Frames]


def changed(path: Path, source: Path, change: tuple[str, str] | None, drop: str) -> Path:
    """A copy of an archive with another text in its metadata, or without some of its members."""
    done = False
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if drop and drop in name:
                done = True
                continue
            content = old.read(name)
            if change is not None and name.endswith("_metadata.json"):
                text = content.decode()
                done |= change[0] in text
                content = text.replace(*change).encode()
            new.writestr(name, content)
    assert done, f"nothing to change in {source}"
    return path


@pytest.fixture(scope="session")
def found(
    tiny_nequip: Path, nequip_place: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Found:
    """All files, whole and broken, in one process."""
    structures = standard_frames(("Ni", "Cu"))
    one, lone = structures[ONE_ATOM], structures["lone atom"]
    # Batches of one frame, of one frame of one atom, and without a single edge.
    sets = {
        "all": list(structures.values()),
        "first": [structures["bulk"]],
        "one atom": [one],
        "lone": [lone],
        "two lone": [lone, lone],
    }
    folder = tmp_path_factory.mktemp("nequip")
    for name, chosen in sets.items():
        write(folder / f"{name}.traj", chosen)
    files: dict[str, Any] = {
        f"{architecture}/{file}": {
            "path": str(tiny_nequip / architecture / file),
            "architecture": architecture,
            "device": "cpu",
            "oracle": True,
        }
        for architecture, file in FILES
    }
    for name, (file, change, drop, _) in BROKEN.items():
        path = folder / f"{name}-{file}"
        changed(path, tiny_nequip / "allegro" / file, change, drop)
        files[name] = {**files["allegro/model.ckpt"], "path": str(path)}
    files["gpu"] = {**files["allegro/model.ckpt"], "device": "cuda"}
    jobs = {"frames": {name: str(folder / f"{name}.traj") for name in sets}, "files": files}
    (folder / "jobs.json").write_text(json.dumps(jobs))
    run_script(nequip_place, "nequip_models.py", str(folder / "jobs.json"), str(folder / "out"))
    with np.load(folder / "out.npz") as arrays:
        read = {name: arrays[name] for name in arrays.files}
    known = json.loads((folder / "out.json").read_text())
    return Found(known, read, {name: Frames.from_atoms(chosen) for name, chosen in sets.items()})


@pytest.mark.parametrize(("architecture", "file"), FILES)
def test_every_kind_of_frame_is_predicted_as_by_the_nequip_calculator(
    found: Found, architecture: str, file: str
) -> None:
    name = f"{architecture}/{file}"
    known = found.known[name]
    assert (known["elements"], known["r_max"]) == ([28, 29], 3.5)

    def given(of: str, quantity: str) -> np.ndarray:
        return found.arrays[f"{name}/{of}/{quantity}"]

    for quantity, tolerance in (("energy", 1e-10), ("forces", 1e-10)):
        np.testing.assert_allclose(
            given("all", quantity), given("oracle", quantity), rtol=0, atol=tolerance
        )
    periodic = found.frames["all"].pbc.all(axis=1)
    stress = given("all", "stress")
    np.testing.assert_allclose(
        stress[periodic], given("oracle", "stress")[periodic], rtol=0, atol=1e-8
    )
    assert np.isnan(stress[~periodic]).all()
    energy = given("all", "energy")
    names = list(standard_frames(("Ni", "Cu")))
    alone = (("first", "bulk"), ("one atom", ONE_ATOM), ("lone", "lone atom"))
    for one, of in (*alone, ("two lone", "lone atom")):
        index = names.index(of)
        np.testing.assert_allclose(given(one, "energy")[-1], energy[index], rtol=1e-12)
        np.testing.assert_allclose(given(one, "stress")[-1], stress[index], atol=1e-10)


@pytest.mark.parametrize("architecture", ["nequip", "allegro"])
def test_all_files_of_a_model_agree(found: Found, architecture: str) -> None:
    names = [f"{name}/{file}" for name, file in FILES if name == architecture]
    for of in found.frames:
        for quantity in ("energy", "forces"):
            arrays = [found.arrays[f"{name}/{of}/{quantity}"] for name in names]
            for other in arrays[1:]:
                np.testing.assert_allclose(other, arrays[0], rtol=0, atol=1e-10)


def test_size_and_layers_are_stated(found: Found) -> None:
    for architecture, n_layers in (("nequip", 2), ("allegro", 1)):
        checkpoint = found.known[f"{architecture}/model.ckpt"]
        assert checkpoint["n_layers"] == n_layers
        assert checkpoint["n_parameters"] > 100
        assert found.known[f"{architecture}/model.nequip.zip"] == checkpoint


@pytest.mark.parametrize("name", BROKEN)
def test_files_that_cannot_be_used_are_named(found: Found, name: str) -> None:
    assert found.known[name]["error"] == "ModelFileError"
    assert BROKEN[name][3] in found.known[name]["message"]


def test_a_gpu_that_is_not_there_is_said(found: Found) -> None:
    if "error" not in found.known["gpu"]:
        pytest.skip("this machine has a CUDA GPU")
    assert "'cuda' was asked for" in found.known["gpu"]["message"]


def test_what_files_are_is_seen_from_outside(tiny_nequip: Path) -> None:
    for architecture, file in FILES:
        # A compiled model does not say which of the two it is.
        expected = "nequip" if file.endswith(".pt2") else architecture
        assert detect(tiny_nequip / architecture / file).name == expected


def test_files_hold_no_path_of_this_machine(tiny_nequip: Path) -> None:
    for architecture, file in FILES:
        with zipfile.ZipFile(tiny_nequip / architecture / file) as archive:
            for name in archive.namelist():
                assert os.fsencode(tiny_nequip) not in archive.read(name), f"{file}: {name}"


class NequipFamilyConformance(ArchitectureConformance):
    """What all architectures must pass, in workers in the environment of nequip."""

    @pytest.fixture(scope="class")
    @classmethod
    def model_file(cls, tiny_nequip: Path) -> Path:
        return tiny_nequip / cls.architecture / "model.nequip.zip"

    @pytest.fixture(scope="class")
    @classmethod
    def official(cls, found: Found) -> Predictions:
        oracle = f"{cls.architecture}/model.nequip.zip/oracle"
        names = ("energy", "forces", "stress")
        expected = {name: found.arrays[f"{oracle}/{name}"].copy() for name in names}
        # The calculator gives a stress for every cell, however many of its vectors are periodic.
        expected["stress"][~found.frames["all"].pbc.all(axis=1)] = np.nan
        return Predictions(**expected)

    @pytest.mark.skip(reason="the model computes in its own type, as with nequip's calculator")
    def test_float32_is_close(self) -> None:
        pass


@pytest.mark.lammps
def test_a_compiled_model_runs_in_lammps(tiny_nequip: Path) -> None:
    """It gives forces and virials instead of derivatives with respect to edges."""
    path = tiny_nequip / "allegro" / "model.nequip.pt2"
    potential = from_model_file(path, "allegro", "compiled", PotentialOptions(use_cache=False))
    images = standard_frames(("Ni", "Cu"))
    frames = Frames.from_atoms([images[name] for name in ("mixture", "triclinic", ONE_ATOM)])
    predicted = potential.predict(frames)
    for index in range(len(frames)):
        run = potential.run_lammps(frames.select([index]), MdPlan(ensemble="nve", n_steps=2))
        expected = predicted.select([index], frames.offsets)
        np.testing.assert_allclose(run.energy, expected.energy[0], rtol=0, atol=1e-9)
        np.testing.assert_allclose(run.forces, expected.forces, rtol=0, atol=1e-9)
        np.testing.assert_allclose(run.stress, expected.stress[0], rtol=0, atol=1e-10)
    potential.close()


class TestNequip(NequipFamilyConformance):
    architecture = "nequip"


class TestAllegro(NequipFamilyConformance):
    architecture = "allegro"
