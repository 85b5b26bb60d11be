"""Creation of environments by an interpreter that only pretends."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

from ms25_suite.core.errors import (
    EnvironmentSetupError,
)
from ms25_suite.environments.builder import create, remove
from ms25_suite.environments.indexes import PipOptions
from ms25_suite.environments.installation import Installation
from ms25_suite.environments.store import Environment, State, open_environment
from tests.helpers.pretended_python import POSIX, SPEC, calls, works

pytestmark = POSIX


def test_created_once_and_found_with_its_versions(environment: Environment, python: str) -> None:
    checked: list[Installation] = []
    said: list[str] = []
    assert environment.state()[0] is State.MISSING
    assert create(environment, check=checked.append, python=python, say=said.append)
    assert environment.state() == (State.READY, "")
    assert checked == [Installation(environment.python, environment.site_packages)]
    assert checked[0].versions(["toy-package", "absent"]) == {"toy-package": "1.0"}
    assert any("toy-package" in text for text in said)
    assert "toy-package==1.0" in (environment.folder / "constraints.txt").read_text()
    assert not create(environment, check=checked.append, python=python)
    assert calls() == 1
    assert create(environment, check=works, python=python, rebuild=True)
    assert calls() == 2


def test_options_go_to_pip(environment: Environment, python: str) -> None:
    pip = PipOptions("https://one.example", ("https://two.example",), ("/wheels", "/more"))
    create(environment, check=works, python=python, pip=pip)
    wanted = (
        "--index-url https://one.example --extra-index-url https://two.example "
        "--find-links /wheels --find-links /more toy-package"
    )
    assert wanted in environment.log.read_text()


def test_a_failure_of_pip_leaves_the_log_only(
    environment: Environment, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRETEND_FAILURE", "ERROR: No space left on device")
    with pytest.raises(EnvironmentSetupError, match=r"installing packages failed.*disk full") as e:
        create(environment, check=works, python=python)
    assert "No space left on device" in str(e.value)
    assert environment.state()[0] is State.MISSING
    assert environment.log.is_file()


def test_an_environment_that_does_not_work_is_removed(
    environment: Environment, python: str
) -> None:
    def check(place: Installation) -> None:
        assert environment.state()[0] is State.INCOMPLETE
        raise EnvironmentSetupError("no prediction")

    with pytest.raises(EnvironmentSetupError, match="no prediction"):
        create(environment, check=check, python=python)
    assert not environment.folder.exists()


def test_what_an_interrupted_creation_left_is_made_anew(
    environment: Environment, python: str
) -> None:
    (environment.folder / "bin").mkdir(parents=True)
    said: list[str] = []
    assert environment.state()[0] is State.INCOMPLETE
    assert create(environment, check=works, python=python, say=said.append)
    assert "incomplete" in said[0]
    assert environment.state()[0] is State.READY


def test_an_old_python_is_refused(
    environment: Environment, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRETEND_VERSION", "3 9")
    with pytest.raises(EnvironmentSetupError, match=r"is Python 3\.9; at least 3\.11 is needed"):
        create(environment, check=works, python=python)
    with pytest.raises(EnvironmentSetupError, match="not a Python interpreter that can be run"):
        create(environment, check=works, python="/no/such/python")


def test_a_folder_that_cannot_be_used_is_said(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MS25_ENV_DIR", str(tmp_path / "file"))
    with pytest.raises(EnvironmentSetupError, match=r"Is the disk full.*MS25_ENV_DIR"):
        create(open_environment(SPEC), check=works, python=python)


def test_of_two_that_create_one_waits(environment: Environment, python: str) -> None:
    create(environment, check=works, python=python)
    hidden = environment.folder.with_name("hidden")
    environment.folder.rename(hidden)
    said: list[str] = []
    results: list[bool] = []

    def second() -> None:
        results.append(create(environment, check=works, python=python, say=said.append))

    with FileLock(environment.lock):
        thread = threading.Thread(target=second)
        thread.start()
        deadline = time.monotonic() + 30
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)
        assert "waiting" in said[0]
        # What the first one creates while it has the lock.
        hidden.rename(environment.folder)
    thread.join(timeout=30)
    assert results == [False]
    assert calls() == 1


def test_removed(environment: Environment, python: str) -> None:
    assert not remove(environment)
    create(environment, check=works, python=python)
    assert remove(environment)
    assert not remove(environment)
    assert not environment.log.exists()
