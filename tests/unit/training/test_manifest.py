from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import ModelFileError
from ms25_suite.training import TrainingRequest
from ms25_suite.training.manifest import (
    Manifest,
    ModelRecord,
    TrainingDataRecord,
    read_manifest,
    sidecar_path,
    write_manifest,
)
from ms25_suite.training.parent import ParentRecord
from tests.helpers.damage import damaged
from tests.helpers.fake_training import data, part


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "some.model"
    path.write_bytes(b"weights")
    return path


def write(path: Path, **values: Any) -> None:
    whole = {"schema": 1, "curve": {}, "model": {"sha256": file_sha256(path)}, **values}
    sidecar_path(path).write_text(json.dumps(whole))


def made(model: Path) -> Manifest:
    return Manifest(
        schema=1,
        architecture="mace",
        budget="smoke",
        data=TrainingDataRecord.of(TrainingRequest("mace", 3, set=2), data(part(3), part(2))),
        recipe={"lr": 0.1, "radial_MLP": "[8]", "phases": [{"share": 0.5}]},
        seed=4,
        species=("Cu",),
        model=ModelRecord(file=model.name, sha256=file_sha256(model), epoch=3),
        curve={"epoch": [1.0, 2.0], "loss": [0.5, 0.25]},
    )


def test_what_is_written_is_read(model: Path) -> None:
    manifest = made(model)
    write_manifest(model, manifest)
    assert read_manifest(model) == manifest
    keys = list(json.loads(sidecar_path(model).read_text()))
    # The order of the file, without what is not known.
    assert keys[:6] == ["schema", "architecture", "budget", "data", "recipe", "seed"]
    assert keys[-3:] == ["units", "curve", "crc32"]
    assert "threads" not in keys


def test_the_parent_of_a_fine_tuned_model(model: Path) -> None:
    parent = ParentRecord(
        name="mp",
        sha256="ab12",
        path="models/mp.model",
        strategy="replay",
        replay="mgo",
        n_replay=20,
        options={"pt_train_file": "replay.extxyz"},
    )
    heads = {"pt_head": "PBE", "Default": "r2SCAN"}
    manifest = dataclasses.replace(made(model), parent=parent, heads=heads)
    write_manifest(model, manifest)
    found = read_manifest(model)
    assert found is not None
    assert (found.parent, found.heads) == (parent, heads)
    # A model that was trained from random weights says nothing of a parent.
    write_manifest(model, made(model))
    assert not {"parent", "heads"} & set(json.loads(sidecar_path(model).read_text()))


def test_whether_there_was_a_checksum_is_not_for_the_file_to_say(model: Path) -> None:
    write_manifest(model, made(model))
    path = sidecar_path(model)
    found = read_manifest(model)
    assert found is not None
    assert found.sealed
    written = json.loads(path.read_text())
    assert "sealed" not in written
    del written["crc32"]
    path.write_text(json.dumps({**written, "sealed": True}))
    found = read_manifest(model)
    assert found is not None
    assert not found.sealed


def test_the_record_of_the_data() -> None:
    frames, labels = part(4)
    stress = np.array(labels.stress)
    stress[2:] = np.nan
    given = data((frames, dataclasses.replace(labels, stress=stress)), part(2))
    record = TrainingDataRecord.of(TrainingRequest("mace", 4), given)
    assert (record.n_train, record.n_validation, record.n_train_with_stress) == (4, 2, 2)
    # A dataset that the paper does not have has no system, and says so.
    assert record.to_dict()["system"] is None
    assert "system" not in ModelRecord(sha256="ab").__slots__


def test_an_old_manifest_with_less_in_it(model: Path) -> None:
    write(model, budget="smoke", data={"name": "cu", "origin": "a key that is no longer used"})
    found = read_manifest(model)
    assert found is not None
    assert (found.budget, found.data.name, found.data.set, found.seed) == (
        "smoke",
        "cu",
        None,
        None,
    )
    assert (found.species, found.seen_frames, found.units) == ((), (), {})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"schema": 2}, "expected schema 1, found 2"),
        ({"curve": None}, "`curve`: expected a table, found None"),
        ({"model": {"sha256": "00"}}, "not the model file that its sidecar .* expected sha256 00"),
        ({"model": {}}, "key `model.sha256` is missing"),
        ({"model": None}, "`model`: expected a table, found None"),
        ({"data": 5}, r"`data`: expected a table, found 5"),
        ({"recipe": {"lr": float("nan")}}, "expected finite numbers, found nan"),
    ],
)
def test_a_sidecar_that_does_not_fit_is_refused(
    model: Path, values: dict[str, Any], message: str
) -> None:
    """It names the frames that the model has seen: ignored, the model would be judged on them."""
    write(model, **values)
    with pytest.raises(ModelFileError, match=message):
        read_manifest(model)


@pytest.mark.parametrize("text", ["[]", "5", "{}", '{"schema": "v1"}', '{"model": "mace"}'])
def test_no_sidecar_and_a_file_of_another_program(model: Path, text: str) -> None:
    assert read_manifest(model) is None
    sidecar_path(model).write_text(text)
    assert read_manifest(model) is None


def test_a_sidecar_that_is_no_file_is_not_waited_for(model: Path) -> None:
    os.mkfifo(sidecar_path(model))
    with pytest.raises(ModelFileError, match="expected a file, found a named pipe"):
        read_manifest(model)


@pytest.mark.parametrize("text", ['{"schema": 1, "cur', "", "\0" * 100, "[" * 100_000])
def test_a_sidecar_that_is_no_json_is_named(model: Path, text: str) -> None:
    """What it said of the frames that the potential has seen must not be ignored."""
    sidecar_path(model).write_text(text)
    with pytest.raises(ModelFileError, match=r"sidecar .*some\.model\.json is damaged"):
        read_manifest(model)


def test_every_damage_of_a_sidecar_is_noticed(model: Path) -> None:
    manifest = made(model)
    write_manifest(model, manifest)
    path = sidecar_path(model)
    noticed = 0
    for content in damaged(path.read_bytes(), 400):
        path.write_bytes(content)
        try:
            # Indentation does not count, nor the name of the checksum.
            assert read_manifest(model) == manifest
        except ModelFileError as error:
            noticed += 1
            assert "some.model.json is damaged" in str(error)  # noqa: PT017
    assert noticed > 300


def test_a_model_that_changed_since_its_training_is_named(model: Path) -> None:
    write_manifest(model, made(model))
    model.write_bytes(b"weighty")
    with pytest.raises(
        ModelFileError, match=r"some\.model is not the model file .* damaged or was"
    ):
        read_manifest(model)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": "one"}, r"some\.model\.json: `seed`: expected a whole number, found 'one'"),
        ({"data": {"set": "first"}}, r"`data\.set`: expected a whole number"),
        ({"seen_frames": "all"}, r"`seen_frames`: expected a list"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(
    model: Path, values: dict[str, Any], message: str
) -> None:
    """A list of seen frames that is ignored would let a potential be judged on them."""
    write(model, **values)
    with pytest.raises(ModelFileError, match=message):
        read_manifest(model)
