"""Installation by uv, which is many times faster than pip and keeps the same rules here.

uv does not read pip's settings. Where those name an index of CPU builds, or a folder of wheels,
uv would download another PyTorch: so they are passed on to it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ms25_suite.core.errors import EnvironmentSetupError, UsageError
from ms25_suite.environments.indexes import PipOptions, PipSettings

__all__ = ["INSTALLER_VARIABLE", "UvCommands", "find_uv"]

INSTALLER_VARIABLE: Final = "MS25_ENV_INSTALLER"
"""``uv``, ``pip``, or empty: uv if it is there, else pip."""


def find_uv() -> str | None:
    """Path of uv, from ``PATH`` or from its package; None: pip is used.

    Raises
    ------
    UsageError
        ``MS25_ENV_INSTALLER`` is neither ``uv`` nor ``pip``.
    EnvironmentSetupError
        It is ``uv``, and there is none.
    """
    wanted = os.environ.get(INSTALLER_VARIABLE, "")
    if wanted not in ("", "uv", "pip"):
        msg = f"{INSTALLER_VARIABLE}={wanted}: expected uv or pip, or leave it out"
        raise UsageError(msg)
    if wanted == "pip":
        return None
    found = shutil.which("uv") or _of_the_package()
    if wanted and found is None:
        msg = f"{INSTALLER_VARIABLE}=uv, and there is no uv on the PATH: pip install uv"
        raise EnvironmentSetupError(msg)
    return found


def _of_the_package() -> str | None:
    if importlib.util.find_spec("uv") is None:
        return None
    try:
        return str(importlib.import_module("uv").find_uv_bin())
    except (ImportError, AttributeError, OSError):
        # A package of that name that is another one, or has lost its program.
        return None


@dataclass(frozen=True, slots=True)
class UvCommands:
    """Commands that make an environment.

    Parameters
    ----------
    uv
        Path of uv.
    base
        Interpreter that the environment is created from.
    folder
        Folder of the environment.
    python
        Interpreter in it.
    options
        Options of the command line.
    settings
        Pip's settings.
    """

    uv: str
    base: str
    folder: Path
    python: Path
    options: PipOptions
    settings: PipSettings

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables; those of the user stand."""
        found = self.settings.certificates
        return {"SSL_CERT_FILE": found} if found and "SSL_CERT_FILE" not in os.environ else {}

    def create(self) -> list[str]:
        """Makes the environment, without packages."""
        return [self.uv, "venv", "--no-python-downloads", "--python", self.base, str(self.folder)]

    def lock(self, requirements: Path, constraints: Path, lock: Path) -> list[str]:
        """Resolves requirements, and writes what is to be installed with hashes."""
        files = [str(constraints), *self.settings.constraints]
        return [
            *self._pip("compile"),
            *(word for file in files for word in ("--constraint", file)),
            *("--generate-hashes", "--no-header", "--no-annotate"),
            *("--output-file", str(lock), str(requirements)),
        ]

    def install(self, lock: Path) -> list[str]:
        """Installs what the lock names, and compares the hashes."""
        return [*self._pip("install"), "--requirement", str(lock)]

    def _pip(self, command: str) -> list[str]:
        return [self.uv, "pip", command, "--python", str(self.python), *self._places()]

    def _places(self) -> Sequence[str]:
        joined = self.settings.under(self.options)
        hosts = (("--allow-insecure-host", host) for host in self.settings.trusted_hosts)
        return [
            *joined.arguments(),
            *(["--no-index"] if self.settings.no_index else []),
            *(word for pair in hosts for word in pair),
            # As pip: the best version of all places, not that of the first one.
            *("--index-strategy", "unsafe-best-match"),
        ]
