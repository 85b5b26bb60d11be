"""Environments of a user."""

from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.errors import EnvironmentSetupError, UsageError
from ms25_suite.environments.own import (
    find_environment,
    forget,
    own_environments,
    own_spec,
    remember,
)
from ms25_suite.environments.spec import WORKER_NEEDS, environments


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MS25_ENV_DIR", str(tmp_path / "envs"))
    return tmp_path / "envs"


def test_one_is_remembered_until_it_is_forgotten() -> None:
    spec = own_spec("mine", ["some-package==1.2", "other"])
    assert spec.requirements == ("some-package==1.2", "other", *WORKER_NEEDS)
    remember(spec)
    assert own_environments() == {"mine": spec}
    assert find_environment("mine") == spec
    assert find_environment("sevennet") is environments()["sevennet"]
    forget("mine")
    assert own_environments() == {}


@pytest.mark.parametrize(
    ("name", "requirements", "words"),
    [
        ("Mine!", ["a"], "cannot be called 'Mine!'"),
        ("../x", ["a"], "cannot be called"),
        ("chgnet", ["a"], "is an environment of the suite"),
        ("allegro", ["a"], "is an environment of the suite"),
        ("mine", [], "--requirement PACKAGE"),
        ("mine", [" "], "--requirement PACKAGE"),
    ],
)
def test_names_and_requirements(name: str, requirements: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        own_spec(name, requirements)


def test_nobody_has_made_it() -> None:
    remember(own_spec("mine", ["a"]))
    with pytest.raises(UsageError, match=r"no managed environment for 'mime'.*Did you mean 'mine'"):
        find_environment("mime")


@pytest.mark.parametrize("content", ["", "{}", '{"requirements": ["a"]}'])
def test_a_damaged_description(folder: Path, content: str) -> None:
    folder.mkdir()
    (folder / "mine.own.json").write_text(content)
    with pytest.raises(EnvironmentSetupError, match="is damaged: create it again"):
        find_environment("mine")
