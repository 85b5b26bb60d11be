"""Managed environments on this machine, and their state."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.cache import atomic_path, release
from ms25_suite.core.sealed import CHECKSUM_KEY, sealed_json, unseal_json
from ms25_suite.environments.spec import EnvironmentSpec

__all__ = ["Environment", "State", "environment_root", "open_environment"]

_MARKER: Final = "ms25-environment.json"
"""Written after everything else: an environment without this file is incomplete."""

_SCHEMA: Final = 1


class State(StrEnum):
    """State of a managed environment."""

    MISSING = "missing"
    INCOMPLETE = "incomplete"
    OUTDATED = "outdated"
    BROKEN = "broken"
    READY = "ready"


def environment_root() -> Path:
    """Folder of all managed environments.

    ``MS25_ENV_DIR`` if that is set, else the operating system's folder for a user's data.
    """
    import platformdirs

    root = os.environ.get("MS25_ENV_DIR")
    if root:
        return Path(root).expanduser().absolute()
    return Path(platformdirs.user_data_dir("ms25-suite")) / "environments"


@dataclass(frozen=True, slots=True)
class Environment:
    """A managed environment on this machine, which may not have been created yet.

    Parameters
    ----------
    spec
        Its specification.
    folder
        Its folder.
    """

    spec: EnvironmentSpec
    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / (r"Scripts\python.exe" if os.name == "nt" else "bin/python")

    @property
    def site_packages(self) -> Path:
        """Folder of its packages; only for an environment that is ready."""
        return Path(self._marker()["site_packages"])

    @property
    def log(self) -> Path:
        """Output of pip from its creation."""
        return self.folder.with_name(f"{self.spec.name}.log")

    @property
    def lock(self) -> Path:
        """Lock file for changes."""
        return self.folder.with_name(f".{self.spec.name}.lock")

    def state(self) -> tuple[State, str]:
        """Its state, and the reason if it is not ready."""
        if not self.folder.is_dir():
            return State.MISSING, "it has not been created yet"
        marker = self._marker()
        if not marker:
            if (self.folder / _MARKER).exists():
                return State.INCOMPLETE, f"its marker {self.folder / _MARKER} is damaged"
            return State.INCOMPLETE, "its creation was interrupted"
        if not self.python.exists() or not Path(marker["site_packages"]).is_dir():
            return State.BROKEN, f"the Python that it was created from is gone ({marker['base']})"
        # Other pins may give other numbers: an outdated environment is never used silently.
        if marker["fingerprint"] != self.spec.fingerprint:
            made_by = marker["suite"]
            why = (
                f"it was created by ms25-suite {made_by}, and this is {release()}"
                if made_by != release()
                else "its pinned versions have changed"
            )
            return State.OUTDATED, why
        return State.READY, ""

    def complete(self, *, site_packages: str, base: str) -> None:
        """Mark the environment as complete.

        Parameters
        ----------
        site_packages
            Folder of its packages.
        base
            Interpreter that it was created from, with its version.
        """
        marker = {
            "schema": _SCHEMA,
            "suite": release(),
            "fingerprint": self.spec.fingerprint,
            "site_packages": site_packages,
            "base": base,
        }
        # There is a whole marker or none.
        with atomic_path(self.folder / _MARKER) as partial:
            partial.write_text(sealed_json(marker, indent=1), encoding="utf-8")

    def delete(self) -> None:
        """Remove the environment, its marker first: a partly removed one is incomplete."""
        (self.folder / _MARKER).unlink(missing_ok=True)
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _marker(self) -> dict[str, Any]:
        try:
            path = self.folder / _MARKER
            marker = json.loads(path.read_bytes())
            if CHECKSUM_KEY in marker:  # those of earlier versions have none
                marker = unseal_json(marker, str(path))
            texts = (marker[key] for key in ("suite", "fingerprint", "site_packages", "base"))
            is_whole = marker["schema"] == _SCHEMA and all(isinstance(text, str) for text in texts)
            return dict(marker) if is_whole else {}
        # A `RecursionError` is JSON's answer to thousands of brackets.
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return {}


def open_environment(spec: EnvironmentSpec) -> Environment:
    """Environment of a specification on this machine, whether or not it exists."""
    return Environment(spec, environment_root() / spec.name)
