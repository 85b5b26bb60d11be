"""Environments made by uv, which only pretends where nothing is said of the real one."""

from __future__ import annotations

import base64
import hashlib
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from ms25_suite.core.errors import EnvironmentSetupError, UsageError
from ms25_suite.environments import uv as module
from ms25_suite.environments.builder import create
from ms25_suite.environments.indexes import PipOptions, PipSettings
from ms25_suite.environments.lock import LOCK
from ms25_suite.environments.store import Environment, State
from ms25_suite.environments.uv import INSTALLER_VARIABLE, UvCommands, find_uv
from tests.helpers.pretended_python import POSIX, calls, works

# It copies the interpreter as an environment, writes a lock, and "installs" a package.
PRETENDER = f"""#!{sys.executable} -S
import os, pathlib, shutil, sys
arguments = sys.argv[1:]
print("uv:", *arguments)
if arguments[0] == "venv":
    folder = pathlib.Path(arguments[-1])
    (folder / "bin").mkdir(parents=True)
    shutil.copy(arguments[arguments.index("--python") + 1], folder / "bin" / "python")
elif arguments[:2] == ["pip", "compile"]:
    if "PRETEND_FAILURE" in os.environ:
        print(os.environ["PRETEND_FAILURE"], file=sys.stderr)
        sys.exit(1)
    wanted = pathlib.Path(arguments[-1]).read_text()
    lock = pathlib.Path(arguments[arguments.index("--output-file") + 1])
    lock.write_text(wanted.strip() + "==1.0 --hash=sha256:ab\\n")
elif arguments[:2] == ["pip", "install"]:
    assert "--hash=sha256:ab" in pathlib.Path(arguments[-1]).read_text()
    python = pathlib.Path(arguments[arguments.index("--python") + 1])
    place = python.parent.parent / "site" / "toy_package-1.0.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\\nName: toy-package\\nVersion: 1.0\\n")
"""


@pytest.fixture
def pretended_uv(python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A uv on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = folder / "uv"
    path.write_text(PRETENDER)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.delenv(INSTALLER_VARIABLE)
    return str(path)


@POSIX
@pytest.mark.usefixtures("pretended_uv")
def test_an_environment_by_uv(environment: Environment, python: str) -> None:
    said: list[str] = []
    pip = PipOptions("https://one.example", (), ("/wheels",))
    assert create(environment, check=works, python=python, pip=pip, say=said.append)
    assert environment.state() == (State.READY, "")
    assert any(text.endswith("by uv") for text in said)
    assert (environment.folder / LOCK).read_text() == "toy-package==1.0 --hash=sha256:ab\n"
    log = environment.log.read_text()
    assert f"--python {python}" in log
    assert "--constraint" in log
    assert "--generate-hashes" in log
    assert "--index-url https://one.example --find-links /wheels" in log
    assert calls() == 0


@POSIX
@pytest.mark.usefixtures("pretended_uv")
def test_a_failure_of_uv(
    environment: Environment, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRETEND_FAILURE", "error: no solution found")
    with pytest.raises(
        EnvironmentSetupError, match=r"installing packages failed(.|\n)*no solution"
    ):
        create(environment, check=works, python=python)
    assert environment.state()[0] is State.MISSING


@POSIX
def test_which_one_installs(pretended_uv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_uv() == pretended_uv
    monkeypatch.setenv(INSTALLER_VARIABLE, "pip")
    assert find_uv() is None
    monkeypatch.setenv(INSTALLER_VARIABLE, "conda")
    with pytest.raises(UsageError, match="MS25_ENV_INSTALLER=conda: expected uv or pip"):
        find_uv()


def test_uv_from_its_package_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(INSTALLER_VARIABLE, raising=False)
    monkeypatch.setattr(module, "_of_the_package", lambda: None)
    assert find_uv() is None
    monkeypatch.setattr(module, "_of_the_package", lambda: "/site/bin/uv")
    assert find_uv() == "/site/bin/uv"
    monkeypatch.setattr(module, "_of_the_package", lambda: None)
    monkeypatch.setenv(INSTALLER_VARIABLE, "uv")
    with pytest.raises(EnvironmentSetupError, match="there is no uv on the PATH"):
        find_uv()


def test_another_package_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "uv.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "uv", raising=False)
    assert module._of_the_package() is None


def test_settings_of_pip_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = PipSettings(
        PipOptions(None, (), ("/wheels",)), True, ("/c.txt",), ("one.example",), "/ca.pem"
    )
    folder = Path("/env")
    commands = UvCommands("uv", "python3", folder, folder / "python", PipOptions(), settings)
    words = " ".join(commands.lock(folder / "in", folder / "constraints.txt", folder / "lock"))
    assert "--find-links /wheels --no-index --allow-insecure-host one.example" in words
    assert "--constraint /env/constraints.txt --constraint /c.txt" in words
    assert "--index-strategy unsafe-best-match" in words
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert commands.variables == {"SSL_CERT_FILE": "/ca.pem"}
    monkeypatch.setenv("SSL_CERT_FILE", "/mine.pem")
    assert commands.variables == {}


def wheel(folder: Path) -> Path:
    """A package of one module, as a wheel."""
    files = {
        "toy_package.py": "VALUE = 1\n",
        "toy_package-1.0.dist-info/METADATA": (
            "Metadata-Version: 2.1\nName: toy-package\nVersion: 1.0\n"
        ),
        "toy_package-1.0.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    record = ""
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{name},sha256={digest.decode()},{len(text)}\n"
    files["toy_package-1.0.dist-info/RECORD"] = record + "toy_package-1.0.dist-info/RECORD,,\n"
    path = folder / "toy_package-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.mark.skipif(
    shutil.which("uv") is None and module._of_the_package() is None, reason="there is no uv here"
)
def test_the_real_uv(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a wheel that is made here, without any index."""
    made = wheel(tmp_path)
    monkeypatch.setenv(INSTALLER_VARIABLE, "uv")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    assert create(environment, check=works, python=sys.executable)
    assert next(environment.site_packages.glob("toy_package.py")).read_text() == "VALUE = 1\n"
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    lock = (environment.folder / LOCK).read_text().replace("\\\n", "").split()
    assert lock == ["toy-package==1.0", f"--hash=sha256:{digest}"]
