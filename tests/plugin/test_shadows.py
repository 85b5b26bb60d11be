"""Files of the working folder that are called like modules, beside a calculator or as one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

NAMES = ("numpy", "secrets", "torch", "ase", "scipy", "execnet", "uuid", "tempfile", "matplotlib")

CALCULATOR = """
import secrets

import beside
import numpy
from ase.calculators.emt import EMT

assert callable(secrets.token_hex), secrets.__file__
assert numpy.__version__, numpy.__file__
calculator = beside.same(EMT)
"""


@pytest.fixture
def folder(pytester: pytest.Pytester) -> Path:
    for name in NAMES:
        (pytester.path / f"{name}.py").write_text(f"raise RuntimeError('{name}.py was imported')\n")
    (pytester.path / "beside.py").write_text("def same(thing): return thing\n")
    (pytester.path / "mace.py").write_text(CALCULATOR)
    return Path(pytester.path)


def judge(folder: Path, *command: str) -> str:
    # Not by pytester, which puts the folder on PYTHONPATH.
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    return done.stdout


SCRIPT = str(Path(sys.executable).with_name("pytest"))


@pytest.mark.parametrize(
    "program",
    [
        pytest.param((SCRIPT,), id="pytest"),
        pytest.param((SCRIPT, "-n2"), id="xdist", marks=pytest.mark.slow),
        pytest.param((sys.executable, "-m", "ms25_suite"), id="ms25"),
    ],
)
def test_packages_are_found_all_the_same(
    folder: Path, cuni: Path, program: tuple[str, ...]
) -> None:
    assert "3 passed" in judge(folder, *program, "--mlip=mace.py", f"--dataset={cuni}")


def test_also_where_pytest_itself_imports_from_the_folder(folder: Path, cuni: Path) -> None:
    # Of these, pytest and its plugins import some before the suite can do anything.
    for name in ("uuid", "tempfile", "execnet"):
        (folder / f"{name}.py").unlink()
    (folder / "conftest.py").touch()
    command = [sys.executable, "-m", "pytest", "--mlip=mace.py", f"--dataset={cuni}"]
    assert "3 passed" in judge(folder, *command)


def test_a_module_of_the_working_folder_may_be_named(folder: Path, cuni: Path) -> None:
    (folder / "mine.py").write_text(CALCULATOR)
    judge(folder, SCRIPT, "--mlip=mine:calculator", f"--dataset={cuni}")
