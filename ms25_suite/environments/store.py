"""Where managed environments are, and in which state."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from ms25_suite import __version__
from ms25_suite.environments.spec import EnvironmentSpec

__all__ = ["Environment", "State", "environment_root", "open_environment"]

_MARKER: Final = "ms25-environment.json"
"""Written when everything else is done: an environment without it is not one."""

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

    ``MS25_ENV_DIR`` moves it; the default is the operating system's place for a user's data.
    """
    import platformdirs

    root = os.environ.get("MS25_ENV_DIR")
    if root:
        return Path(root).expanduser().absolute()
    return Path(platformdirs.user_data_dir("ms25-suite")) / "environments"


@dataclass(frozen=True, slots=True)
class Environment:
    """A managed environment on this machine, which may not be there yet.

    Parameters
    ----------
    spec
        What belongs into it.
    folder
        Where it is.
    """

    spec: EnvironmentSpec
    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / (r"Scripts\python.exe" if os.name == "nt" else "bin/python")

    @property
    def site_packages(self) -> Path:
        """Folder of its packages; only of an environment that is ready."""
        return Path(self._marker()["site_packages"])

    @property
    def log(self) -> Path:
        """What pip said when it was made."""
        return self.folder.with_name(f"{self.spec.name}.log")

    @property
    def lock(self) -> Path:
        """Lock of whoever changes it."""
        return self.folder.with_name(f".{self.spec.name}.lock")

    def state(self) -> tuple[State, str]:
        """Its state, and the reason if it is not ready."""
        if not self.folder.is_dir():
            return State.MISSING, "it was not created yet"
        marker = self._marker()
        if not marker:
            return State.INCOMPLETE, "its creation was interrupted"
        if not self.python.exists() or not Path(marker["site_packages"]).is_dir():
            return State.BROKEN, f"the Python that it was made from is gone ({marker['base']})"
        if marker["fingerprint"] != self.spec.fingerprint:
            made_by = marker["suite"]
            why = (
                f"it was made by ms25-suite {made_by}, and this is {__version__}"
                if made_by != __version__
                else "the versions that belong into it have changed"
            )
            return State.OUTDATED, why
        return State.READY, ""

    def complete(self, *, site_packages: str, base: str) -> None:
        """Mark it as complete.

        Parameters
        ----------
        site_packages
            Folder of its packages.
        base
            Interpreter that it was made from, with its version.
        """
        marker = {
            "schema": _SCHEMA,
            "suite": __version__,
            "fingerprint": self.spec.fingerprint,
            "site_packages": site_packages,
            "base": base,
        }
        partial = self.folder / f".{_MARKER}.partial"
        partial.write_text(json.dumps(marker, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.folder / _MARKER)

    def delete(self) -> None:
        """Remove it; the marker goes first, so that half of it is never taken for all."""
        (self.folder / _MARKER).unlink(missing_ok=True)
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _marker(self) -> dict[str, Any]:
        try:
            marker = json.loads((self.folder / _MARKER).read_text(encoding="utf-8"))
            return dict(marker) if marker["schema"] == _SCHEMA else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}


def open_environment(spec: EnvironmentSpec) -> Environment:
    """The environment of a specification on this machine."""
    return Environment(spec, environment_root() / spec.name)
