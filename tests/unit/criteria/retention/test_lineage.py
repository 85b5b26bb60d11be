from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.errors import NotJudgedError
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.retention import lineage
from ms25_suite.criteria.retention.lineage import is_same, not_asked, parent_spec, refuse_itself
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.spec import PotentialSpec, parse_spec
from ms25_suite.training.parent import ParentRecord
from tests.helpers.pretended_models import pretended_mace

EMT = parse_spec("ase.calculators.emt:EMT")
DATASET: Any = SimpleNamespace(name="lta", sha256="1" * 64)


def potential(
    sha256: str = "",
    parent: ParentRecord | None = None,
    path: Path | None = None,
    head: str = "",
) -> Any:
    manifest = None if parent is None else SimpleNamespace(parent=parent)
    return SimpleNamespace(
        name="child",
        sha256=sha256,
        manifest=manifest,
        path=path,
        options=PotentialOptions(head=head),
    )


def record(**changes: Any) -> ParentRecord:
    return ParentRecord(**{"name": "mp", "sha256": "ab" * 32, **changes})


def ask(subject: PotentialSpec, parent: PotentialSpec | None = None) -> NotAsked | None:
    return not_asked(Case(DATASET, subject, parent=parent))


def calculator(folder: Path, name: str) -> PotentialSpec:
    path = folder / f"{name}.py"
    path.write_text("calculator = None")
    return parse_spec(str(path))


def test_without_a_parent_it_is_left_out(tmp_path: Path) -> None:
    child, parent = (calculator(tmp_path, name) for name in ("child", "parent"))
    assert ask(child, parent) is None
    assert ask(child) == NotAsked(
        "no --ms25-parent names the model that it was fine-tuned from, and no sidecar does"
    )
    assert ask(parent, parent) == NotAsked("parent is the parent itself")
    reason = ask(parse_spec("reference"), parent)
    assert reason is not None
    assert "was not fine-tuned" in reason.reason


def test_the_same_file_by_another_path_is_the_same(tmp_path: Path) -> None:
    child = calculator(tmp_path, "child")
    again = replace(child, text=f"{tmp_path}/./child.py", path=tmp_path / "." / "child.py")
    assert is_same(child, again)
    # Another way to read it, such as another head, is another potential.
    assert not is_same(child, replace(again, options=(("head", "pt_head"),)))


def test_a_sidecar_names_the_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = replace(EMT, kind="model", path=tmp_path / "child.model")
    monkeypatch.setattr(lineage, "trained_elsewhere", lambda *_: "")
    for parent in (None, record()):
        manifest = SimpleNamespace(parent=parent)
        monkeypatch.setattr(lineage, "read_manifest", lambda _, manifest=manifest: manifest)
        assert (ask(spec) is None) == (parent is not None)
    tuned = replace(EMT, kind="train", options=(("foundation", "mp.model"),))
    assert ask(tuned) is None
    monkeypatch.setattr(lineage, "trained_elsewhere", lambda *_: "trained on other data")
    assert ask(tuned) == NotAsked("trained on other data")


def test_the_parent_lies_where_the_sidecar_says_or_beside_the_child(tmp_path: Path) -> None:
    named = calculator(tmp_path, "named")
    assert parent_spec(potential(), named) is named
    child = potential(parent=record(path="models/mp.py"), path=tmp_path / "child.model")
    with pytest.raises(NotJudgedError, match=r"mp \(models/mp.py, sha256 abababababab\), which"):
        parent_spec(child, None)
    beside = calculator(tmp_path, "mp")
    assert parent_spec(child, None).path == beside.path
    pretended_mace(tmp_path / "several.model")
    pretended = record(path="several.model", head="omat")
    found = parent_spec(potential(parent=pretended, path=tmp_path / "child.model"), None)
    assert found.model_options.head == "omat"
    with pytest.raises(NotJudgedError, match="no file"):
        parent_spec(potential(parent=record()), None)
    with pytest.raises(NotJudgedError, match="no sidecar does"):
        parent_spec(potential(), None)


def test_a_parent_that_is_the_child_or_a_stranger() -> None:
    refuse_itself(potential("aa" * 32), potential("bb" * 32))
    # Calculators have no hash.
    refuse_itself(potential(), potential())
    with pytest.raises(NotJudgedError, match=r"are the same file \(sha256 aaaaaaaaaaaa\)"):
        refuse_itself(potential("aa" * 32), potential("aa" * 32))
    refuse_itself(potential("aa" * 32, head="Default"), potential("aa" * 32, head="pt_head"))
    child = potential("aa" * 32, record())
    refuse_itself(child, potential("ab" * 32))
    with pytest.raises(NotJudgedError, match="is not the parent that the sidecar of child names"):
        refuse_itself(child, potential("cc" * 32))
