"""A look at the environment of the workers, before anything is sent there."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.cache import release
from ms25_suite.core.errors import CampaignError, Ms25Error
from ms25_suite.environments.gpus import visible_gpus
from ms25_suite.potentials.registry import get_trainer

__all__ = ["check_probe", "installed", "probe"]

_MARK: Final = "ms25-probe "


def installed(architectures: Sequence[str]) -> dict[str, dict[str, str] | str]:
    """Versions of the packages of each architecture, or why it cannot be used."""
    found: dict[str, dict[str, str] | str] = {}
    for name in architectures:
        try:
            trainer = get_trainer(name)
            trainer.require_installed()
            found[name] = dict(trainer.versions())
        except Ms25Error as error:
            found[name] = str(error)
    return found


def probe(token: Path, architectures: Sequence[str]) -> str:
    """What a worker sees, as a line for `check_probe`.

    Parameters
    ----------
    token
        File that the sender has written to the cache.
    architectures
        Architectures of the campaign.
    """
    seen = {
        "suite": release(),
        "host": platform.node(),
        "cache": token.is_file(),
        "gpus": list(visible_gpus()),
        "installed": installed(architectures),
    }
    return _MARK + json.dumps(seen)


def check_probe(
    status: int,
    printed: str,
    said: str,
    here: Mapping[str, dict[str, str] | str],
    cache: Path,
) -> dict[str, Any]:
    """Refuse workers that would compute something else than this process expects.

    Parameters
    ----------
    status, printed, said
        Exit code, standard output and standard error of the command.
    here
        What `installed` says on this machine.
    cache
        Folder of the results.

    Returns
    -------
    :
        What the worker sees.

    Raises
    ------
    CampaignError
        The workers' environment lacks the suite, has another version of it or of the package of an
        architecture, or does not see the cache.
    """
    lines = [line for line in printed.splitlines() if line.startswith(_MARK)]
    if status or not lines:
        last = " ".join((said or printed).strip().splitlines()[-1:])
        if "No module named" in last and "ms25_suite" in last:
            msg = (
                f"the workers' environment has no ms25-suite ({last}): install version "
                f"{release()} there, or name an environment that has it in `worker_init`"
            )
        elif "invalid choice" in (said or "") or status == 2:
            msg = (
                f"the workers' environment has another version of ms25-suite, which knows no "
                f"campaigns; here it is {release()}. Install the same version there"
            )
        else:
            msg = f"a first task on a worker failed (status {status}): {last or 'it said nothing'}"
        raise CampaignError(msg)
    seen: dict[str, Any] = json.loads(lines[-1].removeprefix(_MARK))
    where = f"the workers' environment on {seen.get('host')}"
    if seen.get("suite") != release():
        msg = (
            f"{where} has ms25-suite {seen.get('suite')}, here it is {release()}: install the "
            "same version in both, or name another environment in `worker_init`"
        )
        raise CampaignError(msg)
    if not seen.get("cache"):
        msg = (
            f"{where} does not see the cache {cache}, in which results are kept: set "
            "MS25_CACHE_DIR to a folder that all nodes share"
        )
        raise CampaignError(msg)
    for name, versions in here.items():
        there = seen["installed"].get(name)
        if isinstance(versions, dict) and isinstance(there, dict) and versions != there:
            differ = ", ".join(
                f"{package} {there.get(package)} (here {version})"
                for package, version in versions.items()
                if there.get(package) != version
            )
            msg = f"{where} has other versions for {name}: {differ}. Install the same in both"
            raise CampaignError(msg)
    return seen
