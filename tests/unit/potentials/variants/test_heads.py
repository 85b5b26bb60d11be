from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import UsageError
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.spec import parse_specs
from ms25_suite.potentials.variants import heads as module
from ms25_suite.potentials.variants.heads import each_head, heads_of
from ms25_suite.training.manifest import Manifest, ModelRecord, write_manifest
from tests.helpers.pretended_models import pretended_mace


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    pretended_mace(Path("two.model"))
    return "two.model"


def loaded_with(monkeypatch: pytest.MonkeyPatch, *heads: str) -> list[str]:
    closed: list[str] = []

    def opened(path: Path, architecture: str, *_: Any, **__: Any) -> Any:
        info = ModelInfo(heads=heads)
        return SimpleNamespace(info=lambda: info, close=lambda: closed.append(architecture))

    monkeypatch.setattr(module, "from_model_file", opened)
    return closed


def test_a_model_is_asked_for_its_heads(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = loaded_with(monkeypatch, "pbe", "scan")
    assert heads_of(Path(model)) == {"pbe": "", "scan": ""}
    assert closed == ["mace"]
    specs = parse_specs([f"{model}:head=*"])
    assert [spec.text for spec in specs] == [f"{model}:head=pbe", f"{model}:head=scan"]
    assert [spec.name for spec in specs] == ["two-pbe", "two-scan"]
    assert [spec.model_options.head for spec in specs] == ["pbe", "scan"]
    # Also for all files of a pattern, and with other options.
    specs = parse_specs(["t*.model:backend=e3nn,head=*"])
    assert [spec.text for spec in specs] == [
        f"{model}:head={head},backend=e3nn" for head in ("pbe", "scan")
    ]


def test_a_sidecar_names_heads_and_levels(model: str) -> None:
    learned = {"pt_head": "PBE", "Default": "r2SCAN"}
    record = ModelRecord(sha256=file_sha256(Path(model)), head="Default")
    write_manifest(Path(model), Manifest(schema=1, model=record, curve={}, heads=learned))
    assert heads_of(Path(model)) == learned


def test_a_model_with_one_head_has_no_choice(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded_with(monkeypatch)
    with pytest.raises(UsageError, match=r"two.model:head=\*: the model has one head only"):
        parse_specs([f"{model}:head=*"])


def test_one_head_twice_is_the_same_potential(model: str) -> None:
    with pytest.raises(UsageError, match="are the same file: give it once"):
        parse_specs([f"{model}:head=pbe", f"./{model}:head=pbe"])
    assert len(parse_specs([f"{model}:head=pbe", f"{model}:head=scan", model])) == 3


def test_frameworks_have_heads_too() -> None:
    texts = ["sevennet:7net-mf-0:head=PBE", "sevennet:7net-mf-0:head=R2SCAN"]
    assert list(each_head("sevennet:7net-mf-0:head=*")) == texts
    specs = parse_specs(["sevennet:7net-mf-0:head=*"])
    assert [spec.model and spec.model.level_of_theory for spec in specs] == [
        "PBE(+U), settings of the Materials Project",
        "r2SCAN, settings of the Materials Project",
    ]
    with pytest.raises(UsageError, match=r"not known which heads uma-uma-s-1p1 has\. Name each"):
        each_head("uma:uma-s-1p1:head=*")
    with pytest.raises(UsageError, match=r"known: those of 7net-mf-0, 7net-mf-ompa, 7net-omni"):
        each_head("sevennet:7net-omat:head=*")
