from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ms25_suite.architectures.mace.trainer import MaceTrainer
from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import ModelFileError, TrainingError, UsageError
from ms25_suite.datasets.dataset import open_dataset
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.spec import parse_spec
from ms25_suite.potentials.variants import fine_tuning as module
from ms25_suite.potentials.variants.fine_tuning import Tuning
from ms25_suite.training import TrainingData, TrainingRequest
from ms25_suite.training.manifest import Manifest, ModelRecord, TrainingDataRecord, write_manifest
from tests.helpers.fake_training import data, part
from tests.helpers.pretended_models import pretended_mace

REQUEST = TrainingRequest("mace", 3)


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return pretended_mace(Path("mp.model"))


def test_the_strategy_follows_from_what_is_given(parent: Path) -> None:
    def of(**options: str) -> Tuning | None:
        return Tuning.of("mace", options, "here")

    assert of() is None
    assert of(foundation="mp.model") == Tuning("mp.model", "naive")
    assert of(foundation="mp.model", replay="mgo") == Tuning("mp.model", "replay", "mgo")
    lora = of(foundation="mp.model", strategy="lora", head="pbe")
    assert lora == Tuning("mp.model", "lora", "", "pbe")
    spec = parse_spec("train:mace:n=5,foundation=mp.model,strategy=replay,replay=mgo-2x2")
    assert spec.tuning == Tuning("mp.model", "replay", "mgo-2x2")
    # What decides about the frames is what it is without a foundation.
    assert spec.training == {"n": 5}
    assert spec.name == "mace-n5-mp-replay-mgo-2x2"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mace:strategy=lora", "strategy needs the model to start from: foundation=FILE"),
        ("mace:foundation=mp.model,strategy=replay", "strategy=replay needs frames .* replay=DATA"),
        ("mace:foundation=mp.model,strategy=lora,replay=mgo", "replay=mgo belongs to strategy=rep"),
        ("mace:foundation=mp.model,strategy=nave", "unknown strategy 'nave'. Did you mean 'naive'"),
        ("ani:foundation=mp.model", "ani cannot be fine-tuned. strategy=naive is possible for"),
        ("mtp:foundation=mp.model", "mtp cannot be fine-tuned. strategy=naive is possible for .*m"),
    ],
)
def test_what_does_not_fit_together_is_refused(parent: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_spec(f"train:{text}")


def test_a_foundation_that_is_none(parent: Path) -> None:
    pretended_mace(Path("compiled.model"), compiled=True)
    Path("empty.model").touch()
    for name, words in (
        (
            "nothing.model",
            "foundation=nothing.model: there is no such file. Expected a model file of mace",
        ),
        ("empty.model", "empty.model is empty .0 bytes."),
        ("compiled.model", "is compiled .TorchScript., and cannot be trained any more"),
    ):
        with pytest.raises(ModelFileError, match=words):
            parse_spec(f"train:mace:foundation={name}")
    words = "is a model of mace: expected one of nequip, or train:mace:foundation=mp.model"
    with pytest.raises(ModelFileError, match=words):
        parse_spec("train:nequip:foundation=mp.model")


def opened(
    monkeypatch: pytest.MonkeyPatch, tuning: Tuning, info: ModelInfo, replayed: Any = None
) -> TrainingData:
    def potential(path: Path, *_: Any, **__: Any) -> Any:
        return SimpleNamespace(
            info=lambda: info, close=lambda: None, sha256=file_sha256(path), options=None
        )

    monkeypatch.setattr(module, "from_model_file", potential)
    return tuning.open(MaceTrainer(), REQUEST, data(part(3), part(2)), replayed, "cpu")


COPPER = ModelInfo(elements=(29,), r_max=4.5)


def test_a_parent_is_described_by_its_sidecar(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Manifest(
        schema=1,
        data=TrainingDataRecord(level_of_theory="EAM"),
        recipe={"E0s": "average"},
        seen_frames=("ab", "cd"),
        model=ModelRecord(sha256=file_sha256(parent)),
        curve={},
    )
    write_manifest(parent, manifest)
    tuning = Tuning("mp.model", "naive")
    found = opened(monkeypatch, tuning, COPPER).parent
    assert found is not None
    assert (found.name, found.given, found.sha256) == ("mp", "mp.model", file_sha256(parent))
    assert (found.elements, found.r_max, found.head) == ((29,), 4.5, "")
    assert (found.level_of_theory, found.seen_frames) == ("EAM", ("ab", "cd"))
    assert found.fitted_energies
    # Energies of isolated atoms are written as a literal.
    write_manifest(parent, replace(manifest, recipe={"E0s": "{29: -1.0}"}))
    again = opened(monkeypatch, tuning, COPPER).parent
    assert again is not None
    assert not again.fitted_energies


def test_elements_that_the_foundation_does_not_know(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuning = Tuning("mp.model", "naive")
    with pytest.raises(TrainingError, match="does not know Cu, which the training frames of cu"):
        opened(monkeypatch, tuning, ModelInfo(elements=(8, 14), r_max=4.5))


def test_replayed_frames_are_those_of_another_dataset(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zro = open_dataset("zro")
    tuning = Tuning("mp.model", "replay", "zro")
    info = ModelInfo(elements=(8, 29, 40), r_max=4.5)
    found = opened(monkeypatch, tuning, info, zro).parent
    assert found is not None
    assert found.replay is not None
    # As many as there are new frames.
    assert (found.replay.name, len(found.replay.train[0])) == ("zro", 3)
    assert found.replay.level_of_theory == zro.card.level_of_theory
    with pytest.raises(TrainingError, match="does not know O Zr, which the training frames of zro"):
        opened(monkeypatch, tuning, COPPER, zro)


def test_one_of_several_heads_must_be_named(parent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = replace(COPPER, heads=("pt_head", "Default"))
    tuning = Tuning("mp.model", "naive")
    with pytest.raises(UsageError, match="has several heads: start from one of pt_head, Default"):
        opened(monkeypatch, tuning, info)
    with pytest.raises(UsageError, match="has no head 'pbe': start from one of"):
        opened(monkeypatch, replace(tuning, head="pbe"), info)
    with pytest.raises(UsageError, match="one head only: leave head=pbe out"):
        opened(monkeypatch, replace(tuning, head="pbe"), COPPER)
    learned = {"pt_head": "PBE", "Default": "r2SCAN"}
    record = ModelRecord(sha256=file_sha256(parent), head="Default")
    write_manifest(parent, Manifest(schema=1, model=record, curve={}, heads=learned))
    for head, level in (("", "r2SCAN"), ("pt_head", "PBE")):
        found = opened(monkeypatch, replace(tuning, head=head), info).parent
        assert found is not None
        assert (found.head, found.level_of_theory) == (head or "Default", level)
