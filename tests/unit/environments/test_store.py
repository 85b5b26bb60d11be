"""States of an environment on this machine."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ms25_suite.environments.builder import create
from ms25_suite.environments.store import Environment, State, environment_root, open_environment
from tests.helpers.damage import damaged
from tests.helpers.pretended_python import POSIX, SPEC, works

pytestmark = POSIX


def test_the_folder_is_that_of_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MS25_ENV_DIR", str(tmp_path))
    assert open_environment(SPEC).folder == tmp_path / "toy"
    assert open_environment(SPEC).log == tmp_path / "toy.log"
    monkeypatch.setenv("MS25_ENV_DIR", "~/here")
    assert environment_root() == Path.home() / "here"
    monkeypatch.delenv("MS25_ENV_DIR")
    assert environment_root().name == "environments"


def test_a_folder_without_a_marker_is_incomplete(environment: Environment) -> None:
    assert environment.state() == (State.MISSING, "it has not been created yet")
    environment.folder.mkdir(parents=True)
    assert environment.state() == (State.INCOMPLETE, "its creation was interrupted")


def test_a_complete_environment_is_ready_until_it_is_deleted(environment: Environment) -> None:
    site = environment.folder / "site"
    for folder in (environment.python.parent, site):
        folder.mkdir(parents=True)
    environment.python.touch()
    environment.complete(site_packages=str(site), base="/usr/bin/python, Python 3.12")
    assert environment.state() == (State.READY, "")
    assert environment.site_packages == site
    site.rmdir()
    state, why = environment.state()
    assert state is State.BROKEN
    assert "/usr/bin/python, Python 3.12" in why
    environment.delete()
    environment.delete()
    assert environment.state()[0] is State.MISSING


def test_a_change_of_pins_or_of_the_suite_makes_it_outdated(
    environment: Environment, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(environment, check=works, python=python)
    other = dataclasses.replace(SPEC, pins=(("toy-package", "2.0"),))
    changed = open_environment(other)
    state, why = changed.state()
    assert (state, why) == (State.OUTDATED, "its pinned versions have changed")
    assert create(changed, check=works, python=python)
    assert changed.state()[0] is State.READY
    monkeypatch.setattr("ms25_suite.__version__", "99.0")
    state, why = changed.state()
    assert state is State.OUTDATED
    assert "and this is 99.0" in why


def test_a_python_that_is_gone_is_noticed(environment: Environment, python: str) -> None:
    create(environment, check=works, python=python)
    environment.python.unlink()
    assert environment.state()[0] is State.BROKEN
    assert create(environment, check=works, python=python)


def test_a_damaged_marker_is_none(environment: Environment, python: str) -> None:
    create(environment, check=works, python=python)
    marker = environment.folder / "ms25-environment.json"
    for content in damaged(marker.read_bytes(), 200):
        marker.write_bytes(content)
        state, why = environment.state()
        # Blanks in the JSON, and the name of the checksum, do not count.
        assert state in (State.INCOMPLETE, State.READY), why
        if state is State.INCOMPLETE:
            assert why == f"its marker {marker} is damaged"
        else:
            assert environment.site_packages.is_dir()
    marker.write_text("{")
    assert environment.state()[0] is State.INCOMPLETE
