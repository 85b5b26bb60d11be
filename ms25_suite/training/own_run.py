"""What trainers share that run in this environment: their package, and what a run leaves."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ms25_suite.errors import ArchitectureNotInstalledError, TrainingError

__all__ = ["installed_versions", "read_outcome", "require_package"]


def require_package(architecture: str, module: str, distribution: str) -> None:
    """Make sure that the package of an architecture can be imported in this environment.

    Parameters
    ----------
    architecture
        Its name as people write it; in small letters also that of the extra of the suite.
    module, distribution
        What is imported, and what pip installs.

    Raises
    ------
    ArchitectureNotInstalledError
        It cannot.
    """
    if importlib.util.find_spec(module) is None:
        msg = (
            f"training {architecture} needs the package {distribution}, which is not installed in "
            f'this environment. Install it with: pip install "ms25-suite[{architecture.lower()}]"'
        )
        raise ArchitectureNotInstalledError(msg)


def installed_versions(distributions: Sequence[str]) -> dict[str, str]:
    """Versions of distributions in this environment; ``unknown`` where one has none."""
    found = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def read_outcome(path: Path, architecture: str, weights: str) -> tuple[int, dict[str, Any]]:
    """Epoch of the model that one of the suite's own runs chose, and how it was chosen.

    Parameters
    ----------
    path
        File that the run writes at its end.
    architecture
        Its name as people write it.
    weights
        What the model holds, for the sidecar.

    Raises
    ------
    TrainingError
        The run left no such file.
    """
    try:
        outcome = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = (
            f"the training of {architecture} ended without an error, but left no {path.name} in "
            f"{path.parent}"
        )
        raise TrainingError(msg) from error
    epoch = int(outcome["epoch"])
    chosen = {"epoch": epoch, "chosen_by": "lowest validation loss", "weights": weights}
    return epoch, {**chosen, "ended_by": outcome["ended_by"]}
