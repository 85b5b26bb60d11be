"""Where the package of an architecture is found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ms25_suite.core.errors import (
    ArchitectureNotInstalledError,
)
from ms25_suite.environments.builder import create
from ms25_suite.environments.installation import ISOLATED, Installation, find_installation
from ms25_suite.environments.store import open_environment
from tests.helpers.pretended_python import POSIX, SPEC, works

pytestmark = POSIX


def test_the_package_is_looked_for_here_first() -> None:
    assert find_installation("x", "numpy", managed=True, requirement="") == Installation()
    assert "numpy" in Installation().versions(["numpy", "no-such-distribution"])


def test_a_folder_of_that_name_is_no_package(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no_such_module").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ArchitectureNotInstalledError):
        find_installation("nequip", "no_such_module", managed=True, requirement="")


def test_a_file_of_that_name_in_the_working_folder_is_none(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no_such_module.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ArchitectureNotInstalledError):
        find_installation("nequip", "no_such_module", managed=True, requirement="")


def test_a_missing_environment_is_one_sentence_with_the_command(python: str) -> None:
    with pytest.raises(ArchitectureNotInstalledError, match="ms25 env create allegro") as error:
        find_installation("allegro", "no_such_module", managed=True, requirement="")
    assert "\n" not in str(error.value)
    with pytest.raises(ArchitectureNotInstalledError, match='pip install "toy"'):
        find_installation("toyarch", "no_such_module", managed=False, requirement="toy")


def test_the_managed_environment_is_found(python: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ms25_suite.environments.installation.environment_for", lambda architecture: SPEC
    )
    create(open_environment(SPEC), check=works, python=python)
    found = find_installation("toyarch", "no_such_module", managed=True, requirement="")
    assert found.python == open_environment(SPEC).python
    assert found.command("ms25_suite.x", "1")[1:] == ["-P", str(ISOLATED), "ms25_suite.x", "1"]


def test_a_module_runs_with_the_interpreter_of_the_installation() -> None:
    assert Installation().command("ms25_suite.x")[0] == sys.executable
    other = Installation(Path("/some/python"), Path("/some/site"))
    assert other.command("ms25_suite.x", "a", "b") == [
        "/some/python",
        "-P",
        str(ISOLATED),
        "ms25_suite.x",
        "a",
        "b",
    ]
