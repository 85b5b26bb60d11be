"""Workers of Parsl for the sites that a campaign can name: this machine, and Slurm."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.campaign.card import Local, Resources, Slurm
from ms25_suite.campaign.walltime import seconds, walltime
from ms25_suite.core.errors import CampaignError
from ms25_suite.core.machine import available_cores
from ms25_suite.environments.gpus import visible_gpus
from ms25_suite.environments.processes import guarded

if TYPE_CHECKING:
    from parsl.executors import HighThroughputExecutor

__all__ = ["check_slurm", "local", "local_workers", "python_of", "slurm"]

_LOCAL_LOST_S: Final = 30
"""A group of workers on this machine that sends no sign for so many seconds is lost."""

_FEWEST_FAILURES: Final = 3
"""So many jobs that fail one after another end the campaign."""

_SBATCH_S: Final = 60.0


def local_workers(card: Local | None, resources: Sequence[Resources]) -> tuple[int, list[str]]:
    """Number of workers on this machine, and the GPU of each; none of them without GPUs."""
    card = card or Local()
    cores = max(one.cores for one in resources)
    gpus = [name for name in visible_gpus() for _ in range(card.gpu_share)]
    if not any(one.gpus for one in resources):
        gpus = []
    n_workers = card.workers or (len(gpus) if gpus else max(1, available_cores() // cores))
    return n_workers, gpus[:n_workers]


def local(label: str, card: Local | None, resources: Sequence[Resources]) -> HighThroughputExecutor:
    """Workers on this machine."""
    from parsl.executors import HighThroughputExecutor
    from parsl.launchers import SimpleLauncher
    from parsl.providers import LocalProvider

    n_workers, gpus = local_workers(card, resources)
    return HighThroughputExecutor(
        label=label,
        address="127.0.0.1",
        cores_per_worker=1e-6,  # their number is given, whatever the number of cores
        max_workers_per_node=n_workers,
        available_accelerators=gpus,
        provider=LocalProvider(
            init_blocks=1, min_blocks=1, max_blocks=1, launcher=SimpleLauncher()
        ),
        launch_cmd=_pool_command(sys.executable),
        heartbeat_period=_LOCAL_LOST_S // 3,
        heartbeat_threshold=_LOCAL_LOST_S,
        interchange_launch_cmd=_interchange_command(),
        block_error_handler=_stop_after_failures,
    )


def slurm(label: str, card: Slurm, resources: Resources) -> HighThroughputExecutor:
    """Workers in pilot jobs of Slurm, for tasks that need the same."""
    from parsl.executors import HighThroughputExecutor
    from parsl.launchers import SimpleLauncher
    from parsl.providers import SlurmProvider

    n_workers = card.cores // resources.cores
    if n_workers == 0:
        msg = (
            f"`resources.{label}`: a task needs {resources.cores} cores, and `engine.slurm` asks "
            f"for {card.cores} on a node"
        )
        raise CampaignError(msg)
    gpus: list[str] = []
    if card.gpus and resources.gpus:
        gpus = [str(index) for index in range(card.gpus) for _ in range(card.gpu_share)]
        n_workers = min(n_workers, len(gpus))
        gpus = gpus[:n_workers]
    options = "".join(f"#SBATCH {option}\n" for option in card.options)
    return HighThroughputExecutor(
        label=label,
        address=card.address,
        cores_per_worker=resources.cores,
        mem_per_worker=resources.memory_gb if card.memory_gb else None,
        max_workers_per_node=n_workers,
        available_accelerators=gpus,
        provider=SlurmProvider(
            partition=card.partition,
            account=card.account,
            qos=card.qos,
            constraint=card.constraint,
            nodes_per_block=1,
            cores_per_node=card.cores,
            mem_per_node=card.memory_gb,
            gpus_per_node=card.gpus if gpus else None,
            init_blocks=0,
            min_blocks=0,
            max_blocks=card.nodes,
            walltime=_slurm_time(card),
            scheduler_options=options,
            worker_init=card.worker_init or f"export PATH={shlex.quote(_bin())}:$PATH",
            exclusive=card.exclusive,
            cmd_timeout=int(_SBATCH_S),
            launcher=SimpleLauncher(),
        ),
        launch_cmd=_pool_command(python_of(card)),
        heartbeat_period=max(1, card.lost_after_s // 3),
        heartbeat_threshold=card.lost_after_s,
        interchange_launch_cmd=_interchange_command(),
        block_error_handler=_stop_after_failures,
    )


def python_of(card: Slurm | None) -> str:
    """Python of the workers: that of their own environment, where they have one."""
    return "python" if card is not None and card.worker_init else sys.executable


def check_slurm(card: Slurm) -> None:
    """Ask Slurm whether it would take such a job, without sending one.

    Raises
    ------
    CampaignError
        There is no ``sbatch``, or it refuses: there is no such partition, or it allows less.
    """
    if shutil.which("sbatch") is None:
        msg = (
            "`engine.slurm`: there is no sbatch here. Run the campaign on a login node of the "
            "cluster, or with another engine"
        )
        raise CampaignError(msg)
    named = ("partition", "account", "qos", "constraint")
    asked = [f"--{name}={value}" for name in named if (value := getattr(card, name)) is not None]
    asked += [f"--cpus-per-task={card.cores}", f"--time={_slurm_time(card)}", *card.options]
    asked += [f"--mem={card.memory_gb}g"] if card.memory_gb else []
    asked += [f"--gpus-per-node={card.gpus}"] if card.gpus else []
    command = ["sbatch", "--test-only", *asked, "--wrap=true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SBATCH_S)
    except (OSError, subprocess.SubprocessError) as error:
        msg = f"`engine.slurm`: sbatch does not answer: {error}"
        raise CampaignError(msg) from error
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        msg = f"`engine.slurm`: Slurm would not take such a job ({' '.join(asked)}): {said}"
        raise CampaignError(msg)


def _slurm_time(card: Slurm) -> str:
    return walltime(seconds(card.walltime))


def _bin() -> str:
    return str(Path(sys.executable).parent)


def _pool_command(python: str) -> str:
    """Parsl's command of a group of workers, found by its Python and not on the path."""
    from parsl.executors.high_throughput.executor import DEFAULT_LAUNCH_CMD

    module = "parsl.executors.high_throughput.process_worker_pool"
    _, _, arguments = DEFAULT_LAUNCH_CMD.partition(" ")
    return f"{shlex.quote(python)} -m {module} {arguments}"


def _interchange_command() -> list[str]:
    """Parsl's process between this one and the workers, which ends when this one does.

    Without a guard it stays after a kill, and jobs wait for tasks until their wall time is over.
    """
    module = "parsl.executors.high_throughput.interchange"
    return guarded([sys.executable, "-P", "-m", module])


def _stop_after_failures(executor: Any, status: Mapping[str, Any]) -> None:
    """Give up when the last jobs all failed; cancelled ones, and those over time, do not count."""
    from parsl.jobs.error_handlers import windowed_error_handler

    windowed_error_handler(executor, dict(status), threshold=_FEWEST_FAILURES)
