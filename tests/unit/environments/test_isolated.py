"""The suite in another Python, without the packages beside it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from ms25_suite.environments.installation import ISOLATED
from ms25_suite.environments.isolated import install
from tests.helpers.pretended_python import POSIX

pytestmark = POSIX


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


def test_a_module_is_run_with_its_arguments(tmp_path: Path) -> None:
    """By a Python without any packages, in a folder with a module of the same name as ours."""
    (tmp_path / "ms25_suite.py").write_text("raise RuntimeError")
    (tmp_path / "x.json").write_text("[1]")
    command = [sys.executable, "-P", "-S", str(ISOLATED), "json.tool", "--compact", "x.json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.stdout, done.stderr) == ("[1]\n", "")


def test_what_is_imported_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.modules["ms25_suite"]
    install()
    assert sys.modules["ms25_suite"] is before
