"""The engine: Parsl, which runs commands on this machine, or in jobs of a batch system.

It holds nothing that matters. A command that it runs is a task of `ms25 campaign task`, whose
result is in the cache.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from ms25_suite.campaign.card import KINDS, Campaign
from ms25_suite.campaign.engines.sites import local, slurm
from ms25_suite.core.errors import CampaignError

if TYPE_CHECKING:
    from parsl.config import Config

__all__ = ["EngineStopped", "ParslEngine", "RunsTasks", "is_lost"]

_INSTALL: Final = 'pip install "ms25-suite[campaign]"'

_UNQUOTED: Final = re.compile(r"[\w./+@%:,=-]+", flags=re.ASCII)
"""Paths that the shell takes without quotes; Parsl writes its own into commands as they are."""

_STRATEGY_S: Final = 2.0
"""Time between two looks at the jobs, in seconds."""


class EngineStopped(Exception):  # noqa: N818
    """No worker can be started any more."""


class RunsTasks(Protocol):
    """What is asked of an engine; see `ParslEngine`."""

    def start(self) -> None: ...  # noqa: D102

    def group(self, kind: str) -> str: ...  # noqa: D102

    def submit(self, command: Sequence[str], kind: str) -> Future[Any]: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102


class ParslEngine:
    """Runs commands through Parsl.

    Parameters
    ----------
    card
        The campaign: its engine and its resources.
    folder
        Folder of Parsl's own files, which may be deleted when it does not run.

    Raises
    ------
    CampaignError
        Parsl is not installed, or its configuration cannot be used.
    """

    def __init__(self, card: Campaign, folder: Path) -> None:
        try:
            import parsl
        except ImportError as error:
            msg = f"a campaign is run by Parsl, which is not installed here: {_INSTALL}"
            raise CampaignError(msg) from error
        del parsl
        self._card = card
        self._folder = folder
        self._kernel: Any = None
        self._labels: Mapping[str, str] = {}

    def group(self, kind: str) -> str:
        """Name of the group of workers for a kind of resources; known once it is started."""
        return self._labels[kind]

    def start(self) -> None:
        """Start it; workers come when there is something to do.

        Raises
        ------
        CampaignError
            It cannot be started.
        """
        from parsl.dataflow.dflow import DataFlowKernel

        if not _UNQUOTED.fullmatch(str(self._folder)):
            msg = (
                f"the folder of the campaign, {self._folder.parent}, has blanks or other signs "
                "that Parsl's commands do not take: give another one with --folder"
            )
            raise CampaignError(msg)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            config, self._labels = self._config()
            self._kernel = DataFlowKernel(config)
        except CampaignError:
            raise
        # Parsl raises errors of many classes for what a configuration or a machine lacks.
        except Exception as error:
            msg = f"the engine cannot be started: {type(error).__name__}: {error}"
            raise CampaignError(msg) from error

    def submit(self, command: Sequence[str], kind: str) -> Future[Any]:
        """Let a worker run a command.

        Parameters
        ----------
        command
            Program and arguments.
        kind
            Kind of resources that it needs.

        Returns
        -------
        :
            Its result is the ``CompletedProcess`` with what the command printed.
        """
        # A function of the standard library, so that a worker whose environment lacks the suite
        # can say so, and does not fail to read the task.
        future: Future[Any] = self._kernel.submit(
            subprocess.run,
            app_args=(list(command),),
            executors=[self._labels[kind]],
            cache=False,
            ignore_for_cache=None,
            app_kwargs={"stdin": subprocess.DEVNULL, "capture_output": True, "text": True},
        )
        return future

    def close(self) -> None:
        """End all workers and what they do, and cancel jobs."""
        if self._kernel is not None:
            kernel, self._kernel = self._kernel, None
            kernel.cleanup()

    def _config(self) -> tuple[Config, Mapping[str, str]]:
        engine = self._card.engine
        if engine.parsl is not None:
            return self._own(engine.parsl)
        from parsl.config import Config

        by_need: dict[tuple[Any, ...], str] = {}
        labels: dict[str, str] = {}
        executors = []
        resources = {kind: self._card.resources_of(kind) for kind in KINDS}
        if engine.kind == "local":
            # One group of workers for all kinds: two would share the cores of this machine.
            executors.append(local("all", engine.local, tuple(resources.values())))
            labels = dict.fromkeys(KINDS, "all")
        elif engine.slurm is not None:
            for kind, needed in resources.items():
                need = (needed.cores, needed.gpus, needed.memory_gb)
                if need not in by_need:
                    by_need[need] = kind
                    executors.append(slurm(kind, engine.slurm, needed))
                labels[kind] = by_need[need]
        config = Config(
            executors=executors,
            run_dir=str(self._folder),
            retries=0,
            strategy="simple",
            strategy_period=_STRATEGY_S,
            initialize_logging=False,
            usage_tracking=0,
        )
        return config, labels

    def _own(self, text: str) -> tuple[Config, Mapping[str, str]]:
        """A configuration of the user's own."""
        config = load_config(text)
        config.run_dir = str(self._folder)
        # The suite counts tries itself: a task that was lost with its node does not use one up.
        config.retries = 0
        config.initialize_logging = False
        found = [executor.label for executor in config.executors]
        return config, {kind: kind if kind in found else found[0] for kind in KINDS}


def load_config(text: str) -> Config:
    """The ``parsl.Config`` that ``file.py:name`` stands for.

    Raises
    ------
    CampaignError
        There is no such file or name, or it is something else.
    """
    from runpy import run_path

    from parsl.config import Config

    file, _, name = text.rpartition(":")
    if not file.endswith(".py") or not Path(file).is_file():
        msg = f"`engine.parsl`: expected file.py:name, found {text!r}; there is no such file"
        raise CampaignError(msg)
    try:
        found: Any = run_path(file)[name]
        found = found() if callable(found) else found
    except KeyError as error:
        msg = f"`engine.parsl`: {file} defines no {name!r}"
        raise CampaignError(msg) from error
    except Exception as error:
        msg = f"`engine.parsl`: {text} cannot be used: {type(error).__name__}: {error}"
        raise CampaignError(msg) from error
    if not isinstance(found, Config):
        msg = f"`engine.parsl`: {text} is a {type(found).__name__}, expected a parsl.Config"
        raise CampaignError(msg)
    return found


def is_lost(error: BaseException) -> bool:
    """Whether a task ended with its worker, its job or its node, through no fault of its own.

    Raises
    ------
    EngineStopped
        All workers are gone, and no more can be started.
    """
    from parsl.executors.errors import BadStateException
    from parsl.executors.high_throughput.errors import ManagerLost, VersionMismatch, WorkerLost
    from parsl.jobs.errors import TooManyJobFailuresError

    if isinstance(error, BadStateException | TooManyJobFailuresError | VersionMismatch):
        raise EngineStopped(str(error)) from error
    return isinstance(error, ManagerLost | WorkerLost)
