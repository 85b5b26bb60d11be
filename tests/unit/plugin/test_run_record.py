from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ms25_suite.core.records import DatasetRecord, PotentialRecord, TrainedOn
from ms25_suite.datasets.dataset import open_dataset
from ms25_suite.plugin.run_record import (
    describe_dataset,
    describe_potential,
    describe_run,
    header_lines,
)
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.spec import parse_spec
from ms25_suite.training.manifest import Manifest, ModelRecord, TrainingDataRecord
from tests.helpers.reports import RUN

MANIFEST = Manifest(
    schema=1,
    budget="short",
    data=TrainingDataRecord(name="mgo", n_train=100, n_validation=10, set=2, sha256="cd" * 32),
    seed=7,
    model=ModelRecord(sha256="ab" * 32),
    units={"forces_rmse": "eV/Å", "wall_time": "s"},
    curve={"epoch": [1.0, 2.0], "forces_rmse": [0.5, 0.25]},
)


def potential(manifest: Manifest | None) -> Any:
    info = ModelInfo(elements=(8, 12), r_max=5.0)
    return SimpleNamespace(
        name="p",
        sha256="ab" * 32,
        architecture="mace",
        options=PotentialOptions(device="cuda"),
        manifest=manifest,
        info=lambda: info,
    )


def test_a_loaded_potential() -> None:
    assert describe_potential(potential(None)) == PotentialRecord(
        name="p", sha256="ab" * 32, device="cuda", elements=("O", "Mg"), r_max=5.0
    )


def test_a_potential_with_a_manifest_says_what_it_was_trained_on() -> None:
    record = describe_potential(potential(MANIFEST))
    assert record.trained_on == TrainedOn(
        dataset="mgo",
        n_train=100,
        n_validation=10,
        set=2,
        sha256="cd" * 32,
        seed=7,
        budget="short",
    )
    assert record.training_curve == {"epoch": (1.0, 2.0), "forces_rmse": (0.5, 0.25)}
    # Only the units of the series; the manifest has more.
    assert record.training_units == {"forces_rmse": "eV/Å"}
    assert PotentialRecord.from_dict(record.to_dict()) == record


@pytest.fixture(scope="module")
def mgo() -> DatasetRecord:
    return describe_dataset(open_dataset("mgo-2x2"))


def test_a_dataset(mgo: DatasetRecord) -> None:
    assert (mgo.name, mgo.tier, mgo.elements) == ("mgo-2x2", "mini", ("Mg", "O"))
    assert mgo.n_frames is not None
    assert mgo.n_test is not None
    assert 0 < mgo.n_test < mgo.n_frames
    assert {entry.code for entry in mgo.audit} >= {"labels", "forces", "energy-offset"}
    assert DatasetRecord.from_dict(mgo.to_dict()) == mgo


def test_a_run_before_anything_is_loaded() -> None:
    settings: Any = SimpleNamespace(
        options=PotentialOptions(device="cpu", dtype="float32"),
        seed=5,
        strict=True,
        potentials=(parse_spec("ase.calculators.emt:EMT"), parse_spec("train:mace")),
        datasets={},
    )
    config: Any = SimpleNamespace(invocation_params=SimpleNamespace(args=("--mlip=x", "-v")))
    run = describe_run(config, settings)
    assert run.command == ("pytest", "--mlip=x", "-v")
    assert (run.finished, run.exit_status, run.seed, run.strict) == (None, None, 5, True)
    emt, mace = run.potentials
    # A calculator chooses its own precision.
    assert (emt.dtype, mace.dtype) == ("", "float32")
    assert (mace.spec, mace.architecture, mace.sha256) == ("train:mace", "mace", "")
    assert describe_run(config, settings).id != run.id


def test_header() -> None:
    assert header_lines(RUN) == [
        "potential: mace-β (train:mace), mace, sha256 abababababab",
        (
            "dataset: mgo, tier mini, level of theory LC-1985, a stand-in for the paper's "
            "reference, 80 test frames of 120, sha256 cdcdcdcdcdcd"
        ),
        "  warning: 3 frames are in both",
        "ms25-suite 0.1.0: device cpu, dtype float64, seed 7, workers 1",
    ]
