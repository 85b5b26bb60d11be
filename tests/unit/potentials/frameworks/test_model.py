"""Models of frameworks as the command line names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.errors import ModelFileError, UsageError
from ms25_suite.potentials.frameworks.factories import FACTORIES
from ms25_suite.potentials.frameworks.model import FrameworkModel, frameworks
from ms25_suite.potentials.spec import parse_spec


def named(text: str) -> FrameworkModel | None:
    return FrameworkModel.named(text, f"--mlip={text}")


def test_every_framework_has_a_calculator_and_says_what_it_is() -> None:
    assert frameworks().keys() == FACTORIES.keys()
    for name, framework in frameworks().items():
        assert framework.default in ("", *framework.models), name
        assert framework.weights, name
        assert framework.licence, name
        assert framework.source.startswith("https://"), name


@pytest.mark.parametrize(
    ("text", "model", "head", "name"),
    [
        ("sevennet", "7net-0", "", "sevennet-7net-0"),
        ("sevennet:7net-l3i5", "7net-l3i5", "", "sevennet-7net-l3i5"),
        ("sevennet:7net-mf-ompa:head=mpa", "7net-mf-ompa", "mpa", "sevennet-7net-mf-ompa-mpa"),
        ("chgnet:r2scan", "r2scan", "", "chgnet-r2scan"),
        ("uma:head=omat", "uma-s-1p2p1", "omat", "uma-uma-s-1p2p1-omat"),
    ],
)
def test_a_model(text: str, model: str, head: str, name: str) -> None:
    spec = parse_spec(text)
    assert (spec.kind, spec.name) == ("framework", name)
    assert spec.model is not None
    assert (spec.model.model, spec.model.head, spec.model.weights) == (model, head, None)


def test_the_level_of_theory_is_that_of_the_named_model() -> None:
    level = "PBE(+U), settings of the Materials Project"
    assert named("chgnet") == FrameworkModel("chgnet", "0.3.0")
    assert FrameworkModel("chgnet", "0.3.0").level_of_theory == level
    # Of several heads each has its own, and weights of a user may have learned anything.
    assert FrameworkModel("sevennet", "7net-mf-ompa", head="mpa").level_of_theory == level
    assert FrameworkModel("sevennet", "7net-mf-ompa", head="mine").level_of_theory == ""
    assert FrameworkModel("sevennet", "7net-omni", head="oc20").level_of_theory == ""
    assert FrameworkModel("chgnet", "0.3.0", weights=Path("mine.pt")).level_of_theory == ""


def test_weights_of_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.pth").write_bytes(b"weights")
    found = named("sevennet:weights=mine.pth")
    assert found == FrameworkModel("sevennet", "", Path("mine.pth"))
    assert found.name == "sevennet-mine"
    both = named("orb:orb-v3-direct-20-omat:weights=mine.pth")
    assert both == FrameworkModel("orb", "orb-v3-direct-20-omat", Path("mine.pth"))


def test_a_file_of_that_name_is_what_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("chgnet").write_bytes(b"a model")
    assert named("chgnet") is None
    assert named("chgnet:0.3.0") is not None


@pytest.mark.parametrize("text", ["model.pt", "calc.py", "package.module:factory", "sevenet"])
def test_anything_else_is_no_framework(text: str) -> None:
    assert named(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sevennet:7net-0:modal=mpa", r"'modal=mpa' is not one of weights=FILE, head=NAME"),
        ("sevennet:7net-0:head=", r"'head=' is not one of"),
        ("sevennet:head=a,head=b", "head is given twice"),
        ("chgnet:0.3.0:head=mpa", "models of CHGNet have no head"),
        ("deepmd", "has no model of its own choice: name the model: deepmd:weights=FILE"),
    ],
)
def test_wrong_options(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        named(text)


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="weights="):
        named(f"chgnet:weights={tmp_path / 'none.pt'}")


def test_a_misspelled_model_is_suggested() -> None:
    assert "'7net-l3i5'" in FrameworkModel("sevennet", "7net-l3i6").guess()
    assert FrameworkModel("sevennet", "7net-0").guess() == ""
