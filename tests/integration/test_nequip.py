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
from ase import Atoms
from ase.build import bulk
from ase.io import write

from ms25_suite.environments.installation import Installation
from ms25_suite.errors import ElementCoverageError
from ms25_suite.frames import Frames
from ms25_suite.potentials.potential import PotentialOptions, from_model_file
from ms25_suite.potentials.registry import detect
from tests.tiny_nequip import run_script
from tests.unit.test_potentials_evaluate import STRUCTURES

pytestmark = pytest.mark.nequip

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
    images = [atoms.copy() for atoms in STRUCTURES.values()]
    rng = np.random.default_rng(5)
    for seed in range(2):
        alloy = bulk("Ni", a=3.55, cubic=True) * (2, 1, 1)
        alloy.numbers = rng.choice([28, 29], len(alloy))
        alloy.rattle(0.15, seed=seed)
        images.append(alloy)
    lone = Atoms("Ni", cell=[20, 20, 20], pbc=True)
    # A batch of one frame, of one frame of one atom, and without a single edge.
    sets = {"all": images, "first": images[:1], "one atom": images[2:3], "no edge": [lone, lone]}
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
    for one, index in (("first", 0), ("one atom", 2)):
        np.testing.assert_allclose(
            given(one, "energy")[0], given("all", "energy")[index], rtol=1e-12
        )
        np.testing.assert_allclose(given(one, "stress")[0], stress[index], atol=1e-10)
    for quantity in ("forces", "stress"):
        np.testing.assert_allclose(given("no edge", quantity), 0.0, atol=1e-12)


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


def test_in_a_worker_whatever_the_name_of_the_file(
    tiny_nequip: Path, tmp_path: Path, found: Found
) -> None:
    renamed = tmp_path / "model.pt"
    renamed.write_bytes((tiny_nequip / "allegro" / "model.nequip.zip").read_bytes())
    assert detect(renamed).name == "allegro"
    potential = from_model_file(renamed, "allegro", "tiny", PotentialOptions(use_cache=False))
    try:
        predicted = potential.predict(found.frames["all"])
        with pytest.raises(ElementCoverageError, match="does not know Al: it knows Ni Cu"):
            potential.predict(Frames.from_atoms([bulk("Al")]))
    finally:
        potential.close()
    expected = found.arrays["allegro/model.nequip.zip/all/forces"]
    np.testing.assert_allclose(predicted.forces, expected, rtol=0, atol=1e-12)


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
