"""A Python that pretends to make virtual environments and to install packages, in milliseconds."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ms25_suite.environments.installation import Installation
from ms25_suite.environments.spec import EnvironmentSpec

POSIX = pytest.mark.skipif(os.name != "posix", reason="the pretending interpreter is a script")

SPEC = EnvironmentSpec("toy", ("toyarch",), ("toy-package",), (("toy-package", "1.0"),))

# It prints its version, copies itself as a virtual environment, and "installs" a package.
PRETENDER = f"""#!{sys.executable} -S
import json, os, pathlib, shutil, sys, time
arguments = sys.argv[1:]
if arguments[:2] == ["-I", "-c"]:
    here = pathlib.Path(sys.argv[0]).parent.parent
    print(os.environ.get("PRETEND_VERSION", "3 12").replace(" ", "\\n"), here / "site", sep="\\n")
elif arguments[:3] == ["-P", "-m", "venv"]:
    folder = pathlib.Path(arguments[3])
    (folder / "bin").mkdir(parents=True)
    shutil.copy(sys.argv[0], folder / "bin" / "python")
elif arguments[:4] == ["-P", "-m", "pip", "install"]:
    print("arguments:", *arguments)
    with open(os.environ["PRETEND_CALLS"], "a") as file:
        file.write("pip\\n")
    if "PRETEND_FAILURE" in os.environ:
        print(os.environ["PRETEND_FAILURE"], file=sys.stderr)
        sys.exit(1)
    place = pathlib.Path(sys.argv[0]).parent.parent / "site" / "toy_package-1.0.dist-info"
    place.mkdir(parents=True)
    report = pathlib.Path(arguments[arguments.index("--report") + 1])
    info = {{"url": "u", "archive_info": {{"hashes": {{"sha256": "ab"}}}}}}
    entry = {{"metadata": {{"name": "toy-package", "version": "1.0"}}, "download_info": info}}
    report.write_text(json.dumps({{"install": [entry]}}))
    (place / "METADATA").write_text("Metadata-Version: 2.1\\nName: toy-package\\nVersion: 1.0\\n")
"""


def pretended_python(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write the interpreter; managed environments are kept beside it."""
    path = folder / "python"
    path.write_text(PRETENDER)
    path.chmod(0o755)
    monkeypatch.setenv("PRETEND_CALLS", str(folder / "calls"))
    monkeypatch.setenv("MS25_ENV_INSTALLER", "pip")
    monkeypatch.setenv("MS25_ENV_DIR", str(folder / "environments"))
    return str(path)


def calls() -> int:
    """How often pip was called."""
    path = Path(os.environ["PRETEND_CALLS"])
    return len(path.read_text().split()) if path.exists() else 0


def works(place: Installation) -> None:
    """A check that every environment passes."""
