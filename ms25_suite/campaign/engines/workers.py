"""The workers of a campaign: what they need before the first task, and how they are spoken to."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any, Final

from ms25_suite.campaign.engines.probe import check_probe, installed
from ms25_suite.campaign.engines.sites import check_slurm, python_of
from ms25_suite.campaign.journal import CampaignFolder
from ms25_suite.campaign.opening import OpenedCampaign
from ms25_suite.campaign.progress import CampaignProgress
from ms25_suite.campaign.row import Row
from ms25_suite.campaign.store import Store
from ms25_suite.core.cache import cache_dir
from ms25_suite.core.errors import CampaignError
from ms25_suite.environments.spec import environment_for
from ms25_suite.environments.store import State, environment_root, open_environment
from ms25_suite.potentials.registry import get_architecture

__all__ = ["Workers"]

_LOG: Final = "environments.log"

_PATIENCE_S: Final = 300.0
"""Workers on this machine come up within seconds, on a busy one within a minute."""


class Workers:
    """What is done once for all tasks of a campaign.

    Parameters
    ----------
    opened
        The campaign.
    files
        Its folder.
    store
        Where results are.
    progress
        Display.
    """

    def __init__(
        self,
        opened: OpenedCampaign,
        files: CampaignFolder,
        store: Store,
        progress: CampaignProgress,
    ) -> None:
        self._opened = opened
        self._files = files
        self._store = store
        self._progress = progress
        self._installed: dict[str, dict[str, str] | str] = {}

    @property
    def patience_s(self) -> float | None:
        """Longest wait for the first worker in seconds; in a queue, as long as it takes."""
        return _PATIENCE_S if self._opened.card.engine.kind == "local" else None

    def prepare(self, architectures: Sequence[str]) -> dict[str, str]:
        """Make the managed environments that are missing, and look whether Slurm takes the jobs.

        Parameters
        ----------
        architectures
            Those that will be trained.

        Returns
        -------
        :
            Why an architecture cannot be trained, by name.

        Raises
        ------
        CampaignError
            Slurm would not take the jobs.
        """
        if self._opened.card.engine.slurm is not None:
            check_slurm(self._opened.card.engine.slurm)
        why: dict[str, str] = {}
        for name in self._managed(architectures):
            failed = self._make_environment(name)
            if failed:
                serves = environment_for(name).architectures
                why |= {one: failed for one in architectures if one in serves}
        self._installed = installed(architectures)
        found = {name: text for name, text in self._installed.items() if isinstance(text, str)}
        return {**found, **why}

    @staticmethod
    def _managed(architectures: Iterable[str]) -> list[str]:
        """One architecture of each managed environment that is not ready."""
        found: dict[str, str] = {}
        for name in architectures:
            if get_architecture(name).environment:
                spec = environment_for(name)
                if open_environment(spec).state()[0] is not State.READY:
                    found.setdefault(spec.name, name)
        return list(found.values())

    def _make_environment(self, architecture: str) -> str:
        """Make the managed environment of an architecture; why that failed, or nothing."""
        self._progress.note(f"making the environment of {architecture}, once for all tasks")
        log = self._files.path / _LOG
        command = [sys.executable, "-P", "-m", "ms25_suite", "env", "create", architecture]
        with log.open("ab") as file:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
            )
        if done.returncode == 0:
            return ""
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        told = [line for line in lines if line.startswith("ms25: ")]
        said = told[-1].removeprefix("ms25: ") if told else f"status {done.returncode}"
        return f"its environment could not be made: {said} (log: {log})"

    def probe(
        self,
        submit: Callable[[Sequence[str], str], Future[Any]],
        kinds: Iterable[str],
        result: Callable[[Future[Any]], Any],
    ) -> dict[str, str]:
        """Run a first task on the workers, and refuse those that would compute something else.

        Parameters
        ----------
        submit
            Sends a command; see `ParslEngine.submit`.
        kinds
            A kind of resources of each group of workers.
        result
            Waits for what was sent.

        Returns
        -------
        :
            Why an architecture cannot be trained there, by name.

        Raises
        ------
        CampaignError
            The workers cannot be used; see `check_probe`.
        """
        token = self._store.root / f"token-{platform.node()}-{os.getpid()}"
        try:
            token.parent.mkdir(parents=True, exist_ok=True)
            token.write_text("", encoding="utf-8")
        except OSError as error:
            msg = f"results are kept in the cache, which cannot be written: {error}"
            raise CampaignError(msg) from error
        why: dict[str, str] = {}
        try:
            self._progress.note("waiting for the first worker")
            command = self._ms25("probe", str(token), *self._installed)
            for future in [submit(command, kind) for kind in kinds]:
                found = result(future)
                seen = check_probe(
                    found.returncode, found.stdout, found.stderr, self._installed, self._store.root
                )
                gpus = f" with {len(seen['gpus'])} GPUs" if seen["gpus"] else ""
                self._progress.note(f"workers on {seen['host']}{gpus}, ms25-suite {seen['suite']}")
                for name, text in seen["installed"].items():
                    if isinstance(text, str):
                        why[name] = f"on {seen['host']}: {text}"
        finally:
            with contextlib.suppress(OSError):
                token.unlink()
        return why

    def task_command(self, row: Row) -> list[str]:
        """Command of a task."""
        return self._ms25("task", self._opened.spec, row.key, "--folder", str(self._files.path))

    def _ms25(self, *arguments: str) -> list[str]:
        try:
            variables = {
                "MS25_CACHE_DIR": str(cache_dir().absolute()),
                "MS25_ENV_DIR": str(environment_root()),
            }
        except OSError as error:
            msg = f"the cache cannot be used: {error}"
            raise CampaignError(msg) from error
        engine = self._opened.card.engine
        python = "python" if engine.parsl is not None else python_of(engine.slurm)
        # By `env`, since a worker has the environment of its job, and not that of this process.
        given = [f"{name}={value}" for name, value in variables.items()]
        return ["env", *given, python, "-P", "-m", "ms25_suite", "campaign", *arguments]
