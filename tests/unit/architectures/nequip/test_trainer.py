"""Recipes and inputs of NequIP and Allegro; no framework is needed."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.io import read

from ms25_suite.architectures.nequip.model import NequipArchitecture
from ms25_suite.architectures.nequip.trainer import AllegroTrainer, NequipTrainer, atom_energies
from ms25_suite.core.errors import ArchitectureNotInstalledError, TrainingError, UsageError
from ms25_suite.core.frames import Frames
from ms25_suite.core.sealed import sealed_json
from ms25_suite.environments.installation import Installation
from ms25_suite.training import Trainer, TrainingData, TrainingRequest
from ms25_suite.training.parent import Parent
from tests.helpers.fake_training import data, part

# Table 2 of the paper: Lmax, interaction layers and width, radial width and layers, input features,
# polynomial cutoff, stress included, batch size.
TABLE_2 = {
    "mgo": (2, 2, 64, 48, 3, 64, 8, False, 2),
    "water": (2, 4, 48, 96, 2, 48, 32, True, 2),
    "cha": (2, 3, 48, 32, 3, 16, 8, True, 1),
    "reaction": (2, 3, 48, 32, 1, 48, 8, False, 2),
    "hea": (1, 2, 48, 64, 1, 48, 40, True, 2),
    "zro": (2, 3, 48, 80, 1, 48, 24, False, 1),
}
# Table 3: Lmax, interaction layers and width, tensor layers, latent layers, input features,
# polynomial cutoff, stress included, batch size.
TABLE_3 = {
    "mgo": (1, 2, 48, 3, 3, 64, 16, False, 1),
    "water": (2, 2, 128, 3, 5, 48, 16, True, 1),
    "cha": (2, 3, 128, 4, 4, 32, 32, True, 1),
    "reaction": (3, 2, 128, 3, 4, 96, 8, False, 1),
    "hea": (2, 2, 96, 2, 3, 32, 8, True, 4),
    "zro": (2, 4, 64, 2, 4, 16, 8, True, 1),
}
TRAINERS = {"nequip": NequipTrainer(), "allegro": AllegroTrainer()}


def given(n: int = 10, system: str | None = None, cutoff: float | None = 5.5) -> TrainingData:
    return dataclasses.replace(data(part(n), part(30)), system=system, cutoff=cutoff)


def settings(architecture: str, budget: str, n: int = 10, **values: Any) -> dict[str, Any]:
    request = TrainingRequest(architecture, n, seed=4, budget=budget)
    trainer = TRAINERS[architecture]
    return trainer.settings(trainer.recipe(budget), request, given(n, **values))


@pytest.mark.parametrize("system", TABLE_2)
def test_paper_budget_of_nequip_is_table_2(system: str) -> None:
    found = settings("nequip", "paper", system=system)
    model = found["model"]
    names = ("l_max", "num_layers", "num_features", "radial_mlp_width", "radial_mlp_depth")
    names += ("type_embed_num_features", "polynomial_cutoff_p")
    shown = (*(model[name] for name in names), found["stress"]["train"] != "none")
    assert (*shown, found["batch_size"]) == TABLE_2[system]


@pytest.mark.parametrize("system", TABLE_3)
def test_paper_budget_of_allegro_is_table_3(system: str) -> None:
    found = settings("allegro", "paper", system=system)
    model = found["model"]
    mlp = "scalar_embed_mlp_hidden_layers"
    names = ("l_max", f"{mlp}_depth", f"{mlp}_width", "num_layers")
    names += ("allegro_mlp_hidden_layers_depth", "num_tensor_features")
    cutoff = model["radial_chemical_embed"]["polynomial_cutoff_p"]
    shown = (*(model[name] for name in names), cutoff, found["stress"]["train"] != "none")
    assert (*shown, found["batch_size"]) == TABLE_3[system]


@pytest.mark.parametrize(("architecture", "stress_weight"), [("nequip", 3), ("allegro", 100)])
@pytest.mark.parametrize(("n", "hours"), [(50, 1.2), (1000, 24.0)])
def test_paper_protocol(architecture: str, stress_weight: int, n: int, hours: float) -> None:
    phases = settings(architecture, "paper", n=n, system="hea")["phases"]
    assert [phase["lr"] for phase in phases] == [0.01, 0.001, 0.0002]
    kinds = [phase["scheduler"]["_target_"].rsplit(".", 1)[1] for phase in phases]
    assert kinds[1:] == ["ReduceLROnPlateau"] * 2
    assert [p["forces_weight"] / p["energy_weight"] for p in phases[:2]] == [10, 10]
    assert phases[2]["energy_weight"] / phases[2]["forces_weight"] == 15
    assert [phase["stress_weight"] / phases[0]["energy_weight"] for phase in phases] == (
        [stress_weight] * 3
    )
    assert sum(phase["seconds"] for phase in phases) == pytest.approx(3600 * hours)


@pytest.mark.parametrize("architecture", TRAINERS)
def test_systems_of_the_paper(architecture: str) -> None:
    with pytest.raises(TrainingError, match=r"no system of the paper. Use budget=standard"):
        settings(architecture, "paper")
    with pytest.raises(TrainingError, match="'gold'"):
        settings(architecture, "paper", system="gold")
    alias = settings(architecture, "paper", system="water-192")
    assert alias == settings(architecture, "paper", system="water")


@pytest.mark.parametrize("architecture", TRAINERS)
def test_smoke_bounds_cutoff_epochs_and_validation(architecture: str) -> None:
    trainer = TRAINERS[architecture]
    recipe = trainer.recipe("smoke")
    found = settings(architecture, "smoke", n=100)
    assert found["r_max"] == recipe["r_max_limit"] < 5.5
    assert settings(architecture, "smoke", cutoff=3.0)["r_max"] == 3.0
    assert settings(architecture, "standard", cutoff=None)["r_max"] == recipe["r_max_default"]
    assert found["n_validation"] == recipe["max_validation"]
    assert trainer.n_epochs(found) == pytest.approx(recipe["frame_passes"] / 100, abs=1.5)
    assert trainer.n_epochs(settings(architecture, "smoke", n=1)) == recipe["epochs_most"]
    assert trainer.n_epochs(settings(architecture, "smoke", n=5000)) >= recipe["epochs_least"]
    assert settings(architecture, "paper", n=1, system="hea")["batch_size"] == 1
    assert (trainer.r_max(found), trainer.dtype(found)) == (found["r_max"], "float32")
    assert all(phase["seconds"] is None for phase in found["phases"])
    json.dumps(found, allow_nan=False)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trainer, "place", lambda self: Installation())


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("architecture", TRAINERS)
def test_inputs(architecture: str, tmp_path: Path) -> None:
    trainer = TRAINERS[architecture]
    request = TrainingRequest(architecture, 10, seed=4)
    chosen = trainer.settings(trainer.recipe("smoke"), request, given())
    (tmp_path / "results.jsonl").write_text('{"epoch": 1}\n{"epo')
    command = trainer.prepare(tmp_path, chosen, given(), "cuda:1")
    assert command[-2:-1] == ["ms25_suite.architectures.nequip.launcher"]
    assert trainer.results_file(tmp_path).read_text() == '{"epoch": 1}\n'
    text = (tmp_path / "config.json").read_text()
    assert str(tmp_path) not in text
    config = json.loads(text)
    assert config["accelerator"] == "gpu"
    model = config["training_module"]["model"]
    assert model["type_names"] == ["Cu"]
    assert (model["seed"], model["model_dtype"], model["r_max"]) == (4, "float32", 4.0)
    first, *_, last = config["phases"]
    rate = first["training_module"]["lr_scheduler"]
    assert rate["scheduler"]["T_max"] == first["epochs"]
    assert "monitor" not in rate
    for phase, given_phase in ((first, chosen["phases"][0]), (last, chosen["phases"][-1])):
        loss = {m["name"]: m["coeff"] for m in phase["training_module"]["loss"]["metrics"]}
        assert loss == {
            "per_atom_energy_mse": given_phase["energy_weight"],
            "forces_mse": given_phase["forces_weight"],
            "stress_mse": given_phase["stress_weight"],
        }
        judged = phase["training_module"]["val_metrics"]["metrics"]
        assert {m["name"]: m["coeff"] for m in judged if m["coeff"] is not None} == loss
        assert {"stress_mae", "forces_rmse"} <= {m["name"] for m in judged}
    plateau = settings(architecture, "standard")["phases"][1]
    assert plateau["scheduler"]["patience"] > 0
    trainer.prepare(tmp_path, {**chosen, "phases": [plateau]}, given(), "cpu")
    config = json.loads((tmp_path / "config.json").read_text())
    (phase,) = config["phases"]
    assert phase["training_module"]["lr_scheduler"]["monitor"] == "val0_epoch/weighted_sum"


@pytest.mark.usefixtures("here")
def test_energies_of_isolated_atoms_are_the_shifts(tmp_path: Path) -> None:
    trainer = TRAINERS["nequip"]
    known = dataclasses.replace(given(), atom_energies={29: 3.51})
    chosen = trainer.settings(trainer.recipe("smoke"), TrainingRequest("nequip", 10), known)
    trainer.prepare(tmp_path, chosen, known, "cpu")
    model = json.loads((tmp_path / "config.json").read_text())["training_module"]["model"]
    assert model["per_type_energy_shifts"] == {"Cu": 3.51}


def _with_stress(found: tuple[Any, Any], rows: list[int]) -> tuple[Any, Any]:
    frames, labels = found
    stress = np.full((len(frames), 6), np.nan)
    stress[rows] = labels.stress[rows]
    return frames, dataclasses.replace(labels, stress=stress)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("train", "validation", "expected"),
    [
        ([0, 2], [], {"train": "some", "validation": "none"}),
        ([0, 1, 2], [1], {"train": "all", "validation": "some"}),
        ([], [0], {"train": "none", "validation": "none"}),
    ],
)
def test_a_stress_is_used_where_frames_have_one(
    tmp_path: Path, train: list[int], validation: list[int], expected: dict[str, str]
) -> None:
    frames = data(_with_stress(part(3), train), _with_stress(part(2), validation))
    trainer = NequipTrainer()
    request = TrainingRequest("nequip", 3)
    chosen = trainer.settings(trainer.recipe("smoke"), request, frames)
    assert chosen["stress"] == expected
    trainer.prepare(tmp_path, chosen, frames, "cpu")
    module = json.loads((tmp_path / "config.json").read_text())["phases"][0]["training_module"]
    for part_name, role in (("loss", "train"), ("val_metrics", "validation")):
        found = {m["name"]: m for m in module[part_name]["metrics"]}
        assert ("stress_mse" in found) == (expected[role] != "none")
        if expected[role] == "some":
            assert found["stress_mse"]["ignore_nan"]
            assert "Partial" in found["stress_mse"]["metric"]["_target_"]
    images = read(tmp_path / "train.extxyz", ":")
    has_key = ["REF_stress" in atoms.info for atoms in images]
    assert has_key == [expected["train"] != "none"] * 3
    if has_key[0]:
        missing = [bool(np.isnan(atoms.info["REF_stress"]).all()) for atoms in images]
        assert missing == [row not in train for row in range(3)]


def test_energies_of_the_elements() -> None:
    rng = np.random.default_rng(0)
    numbers = [[29, 29, 28], [28, 28], [29], [28, 29]]
    offsets = np.cumsum([0, *map(len, numbers)])
    frames = Frames(
        numbers=np.concatenate(numbers),
        positions=rng.normal(size=(offsets[-1], 3)),
        cells=np.zeros((4, 3, 3)),
        pbc=np.zeros((4, 3), dtype=bool),
        offsets=offsets,
    )
    _, labels = part(4)
    exact = np.array([sum({28: -4.0, 29: -3.5}[n] for n in row) for row in numbers])
    found = atom_energies((frames, dataclasses.replace(labels, energy=exact)))
    assert found == pytest.approx({"Ni": -4.0, "Cu": -3.5})


@pytest.mark.parametrize("architecture", TRAINERS)
def test_results(architecture: str, tmp_path: Path) -> None:
    trainer = TRAINERS[architecture]
    record = {"epoch": 3, "loss": 0.5, "lr": 0.1, "forces_mae": 0.2, "per_atom_energy_rmse": 0.1}
    report = trainer.epoch_report(record)
    assert report is not None
    assert (report.epoch, report.loss) == (3, 0.5)
    assert report.errors == {"forces_mae": 0.2, "energy_rmse": 0.1}
    output = tmp_path / "output"
    output.mkdir()
    (output / "done.json").write_text('{"epoch": 3, "loss": 0.5}')
    with pytest.raises(TrainingError, match=r"left no model\.nequip\.zip in"):
        trainer.result(tmp_path)
    (output / "model.nequip.zip").touch()
    found = trainer.result(tmp_path)
    assert (found.path.name, found.epoch, found.ended_by) == ("model.nequip.zip", 3, None)


def test_without_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MS25_ENV_DIR", str(tmp_path))
    monkeypatch.setattr(NequipArchitecture, "package", "no_such_module")
    with pytest.raises(ArchitectureNotInstalledError, match="ms25 env create nequip"):
        NequipTrainer().require_installed()


def started(work: Path) -> list[Path]:
    """What two phases of a training leave, in the order in which it is written."""
    made = [work / "output" / "statistics.json"]
    for phase in ("phase-1", "phase-2"):
        folder = work / "output" / phase
        folder.mkdir(parents=True)
        for name in ("best.ckpt", "last.ckpt"):
            with zipfile.ZipFile(folder / name, "w") as archive:
                archive.writestr("data", np.random.default_rng(1).bytes(2000))
            made.append(folder / name)
        made.append(folder / "done.json")
    for path in made:
        if path.suffix == ".json":
            path.write_text(sealed_json({"epoch": 3, "number": 0.1}))
    return made


def test_only_what_is_whole_is_continued(tmp_path: Path) -> None:
    made = started(tmp_path)
    NequipTrainer().repair(tmp_path)
    assert all(path.exists() for path in made)
    for place, path in enumerate(made):
        work = tmp_path / str(place)
        files = started(work)
        content = bytearray(files[place].read_bytes())
        content[len(content) // 2] ^= 1
        files[place].write_bytes(content)
        NequipTrainer().repair(work)
        left = {file.relative_to(work / "output").as_posix() for file in files if file.exists()}
        whole = {file.relative_to(work / "output").as_posix() for file in files}
        damaged = path.relative_to(tmp_path / "output").as_posix()
        if path.suffix == ".json":
            assert left == whole - {damaged}
        elif damaged.startswith("phase-1"):
            assert left == {"statistics.json"}
        else:
            assert left == {name for name in whole if not name.startswith("phase-2")}


@pytest.mark.parametrize("architecture", TRAINERS)
def test_a_training_that_starts_from_a_package(architecture: str, tmp_path: Path) -> None:
    trainer = TRAINERS[architecture]
    package = tmp_path / "mp.nequip.zip"
    package.write_bytes(b"weights")
    parent = Parent(
        file=package,
        given="mp.nequip.zip",
        sha256="ab" * 32,
        elements=(29, 79),
        r_max=6.0,
        dtype="float64",
        energy_shifts={29: 1.5},
    )
    of = dataclasses.replace(given(), parent=parent)
    request = TrainingRequest(architecture, 10, seed=4)
    found = trainer.settings(trainer.tuning_recipe("smoke", "naive"), request, of)
    # Size, cutoff and precision are those of the foundation.
    assert "model" not in found
    assert (found["r_max"], found["dtype"]) == (6.0, "float64")
    assert found["energy_shifts"] == {"Cu": 1.5}
    config = trainer.config(found, of, "cpu")
    model = config["training_module"]["model"]
    assert model["_target_"] == "nequip.model.modify"
    assert model["modifiers"][0]["shifts"] == {"Cu": 1.5}
    assert (config["foundation"], config["shifts_are_relative"]) == ("foundation.nequip.zip", True)
    known = dataclasses.replace(of, atom_energies={29: -3.0})
    found = trainer.settings(trainer.tuning_recipe("smoke", "naive"), request, known)
    assert trainer.config(found, known, "cpu")["shifts_are_relative"] is False
    fitted = dataclasses.replace(known, parent=dataclasses.replace(parent, fitted_energies=True))
    found = trainer.settings(trainer.tuning_recipe("smoke", "naive"), request, fitted)
    assert found["energy_shifts"] == {"Cu": 1.5}
    with pytest.raises(UsageError, match="only by the strategies: naive, found strategy=lora"):
        trainer.tuning_recipe("smoke", "lora")
    assert trainer.foundation_problem(package) == ""
    assert "no package of the nequip framework" in trainer.foundation_problem(Path("m.ckpt"))
