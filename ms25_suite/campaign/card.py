"""The file of a campaign: what to train, what to judge, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Literal

from annotated_types import Ge, Gt, Le, MinLen

from ms25_suite.campaign.walltime import seconds

__all__ = ["KINDS", "Campaign", "Engine", "Local", "Resources", "Slurm"]

_CONFIG: Final[dict[str, Any]] = {"extra": "forbid", "str_strip_whitespace": True}

KINDS: Final = ("train", "judge")
"""Kinds of tasks that can have resources of their own."""

Text = Annotated[str, MinLen(1)]
Count = Annotated[int, Ge(1), Le(1_000_000)]
Seed = Annotated[int, Ge(0), Le(2**32 - 1)]


@dataclass(frozen=True, slots=True)
class Resources:
    """What a task of one kind needs.

    Parameters
    ----------
    cores
        Number of cores.
    gpus
        1: a GPU, or its share of one, where the engine has GPUs; 0: none in any case.
    memory_gb
        Memory in GiB; None if it need not be asked for.
    walltime
        Longest time of one task, ``H:MM:SS``; the task is ended then, and a training continues from
        its checkpoint when it is started again. None: no limit.
    walltime_by_size
        The same by number of training frames, in place of ``walltime``; in between, and beyond, it
        is proportional to the number of frames, as the paper's 1.2 h at 50 to 24 h at 1000 are.
    """

    __pydantic_config__: ClassVar[Any] = _CONFIG

    cores: Annotated[int, Ge(1), Le(1024)] = 1
    gpus: Annotated[int, Ge(0), Le(1)] = 1
    memory_gb: Annotated[float, Gt(0), Le(10_000)] | None = None
    walltime: Text | None = None
    walltime_by_size: Mapping[str, Text] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for text in filter(None, (self.walltime, *self.walltime_by_size.values())):
            seconds(text)
        for size in self.walltime_by_size:
            if not size.isdecimal() or int(size) < 1:
                msg = f"expected numbers of training frames as keys of walltime_by_size: {size!r}"
                raise ValueError(msg)

    def limit_s(self, n_train: int | None) -> float | None:
        """Longest time of a task in seconds.

        Parameters
        ----------
        n_train
            Number of training frames of the potential; None if it is not trained here.
        """
        known = sorted((int(size), float(seconds(t))) for size, t in self.walltime_by_size.items())
        if known and n_train is not None:
            above = next((one for one in known if one[0] >= n_train), known[-1])
            below = next((one for one in reversed(known) if one[0] <= n_train), None)
            if below is None or below == above:
                return above[1] * n_train / above[0]
            part = (n_train - below[0]) / (above[0] - below[0])
            return below[1] + part * (above[1] - below[1])
        return None if self.walltime is None else float(seconds(self.walltime))


@dataclass(frozen=True, slots=True)
class Local:
    """Workers on this machine.

    Parameters
    ----------
    workers
        Number of tasks at a time; None: as many as there are GPUs, or else cores for.
    gpu_share
        Number of tasks that share one GPU.
    """

    __pydantic_config__: ClassVar[Any] = _CONFIG

    workers: Annotated[int, Ge(1), Le(1024)] | None = None
    gpu_share: Annotated[int, Ge(1), Le(64)] = 1


@dataclass(frozen=True, slots=True)
class Slurm:
    """Workers in pilot jobs of Slurm: each job runs one task after another until its wall time.

    Parameters
    ----------
    partition, account, qos, constraint
        As for ``sbatch``; None for the defaults of the site.
    nodes
        Most nodes at a time; each is a job of its own.
    cores, gpus, memory_gb
        Cores, GPUs and memory in GiB of each node that a job asks for.
    gpu_share
        Number of tasks that share one GPU.
    walltime
        Wall time of a job, ``H:MM:SS``. Tasks that it ends are started again in the next job.
    worker_init
        Lines of shell before the workers start, such as ``module load …``; none: the environment of
        this Python.
    options
        Further options of ``sbatch``, such as ``--mail-type=FAIL``.
    exclusive
        Whether a job gets whole nodes.
    address
        Address at which the nodes reach this machine; None: all that it has are tried.
    lost_after_s
        A node that sends no sign for so many seconds is lost.
    """

    __pydantic_config__: ClassVar[Any] = _CONFIG

    cores: Annotated[int, Ge(1), Le(1024)]
    walltime: Text
    partition: Text | None = None
    account: Text | None = None
    qos: Text | None = None
    constraint: Text | None = None
    nodes: Annotated[int, Ge(1), Le(10_000)] = 1
    gpus: Annotated[int, Ge(0), Le(64)] = 0
    gpu_share: Annotated[int, Ge(1), Le(64)] = 1
    memory_gb: Annotated[int, Ge(1), Le(100_000)] | None = None
    worker_init: str = ""
    options: tuple[Text, ...] = ()
    exclusive: bool = False
    address: Text | None = None
    lost_after_s: Annotated[int, Ge(10), Le(3600)] = 60

    def __post_init__(self) -> None:
        seconds(self.walltime)


@dataclass(frozen=True, slots=True)
class Engine:
    """Where the tasks run; exactly one of the three.

    Parameters
    ----------
    local
        On this machine: the default.
    slurm
        In pilot jobs of Slurm.
    parsl
        ``file.py:name``: a ``parsl.Config`` of the user's own, or a function that returns one.
    """

    __pydantic_config__: ClassVar[Any] = _CONFIG

    local: Local | None = None
    slurm: Slurm | None = None
    parsl: Text | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("local", "slurm", "parsl") if getattr(self, name) is not None]
        if len(given) > 1:
            msg = f"expected one of local, slurm and parsl, found {' and '.join(given)}"
            raise ValueError(msg)

    @property
    def kind(self) -> Literal["local", "slurm", "parsl"]:
        """Which one it is."""
        return "slurm" if self.slurm else "parsl" if self.parsl else "local"


@dataclass(frozen=True, slots=True)
class Campaign:
    """What a campaign trains and judges.

    Parameters
    ----------
    title
        Title of its report.
    datasets
        Datasets, as ``--dataset`` takes them.
    data
        What names of datasets mean, as for ``--data``: ``mini``, ``published`` or a folder.
    architectures, sizes, sets, seeds, budgets
        A potential is trained on each dataset for each combination of these.
    sizes_of
        Other numbers of training frames for some datasets.
    potentials
        Other potentials, as ``--mlip`` takes them; each is judged on each dataset.
    criteria
        What each potential is judged by. ``training_rate`` compares the sizes of one architecture.
    criteria_at_largest
        What the potentials of the largest size of each dataset are also judged by, and the
        ``potentials``.
    judge_options
        Further options of the runs of checks, such as ``--neb-steps=400``.
    device, dtype
        As for ``--device`` and ``--dtype``.
    retries
        How often a task that failed is started again. Tasks that were lost with their node are
        started again in any case.
    resources
        What the tasks need, by kind: ``train``, ``judge``.
    engine
        Where they run.
    """

    __pydantic_config__: ClassVar[Any] = _CONFIG

    datasets: Annotated[tuple[Text, ...], MinLen(1)]
    title: str = ""
    data: Text = "mini"
    architectures: tuple[Text, ...] = ()
    sizes: tuple[Count, ...] = ()
    sizes_of: Mapping[str, tuple[Count, ...]] = field(default_factory=dict)
    sets: Annotated[tuple[Count, ...], MinLen(1)] = (1,)
    seeds: Annotated[tuple[Seed, ...], MinLen(1)] = (0,)
    budgets: Annotated[tuple[Text, ...], MinLen(1)] = ("smoke",)
    potentials: tuple[Text, ...] = ()
    criteria: tuple[Text, ...] = ("error_thresholds",)
    criteria_at_largest: tuple[Text, ...] = ()
    judge_options: tuple[Text, ...] = ()
    device: Text = "auto"
    dtype: Literal["float64", "float32"] = "float64"
    retries: Annotated[int, Ge(0), Le(100)] = 2
    resources: Mapping[Literal["train", "judge"], Resources] = field(default_factory=dict)
    engine: Engine = field(default_factory=Engine)

    def __post_init__(self) -> None:
        for name in ("datasets", "architectures", "sizes", "sets", "seeds", "budgets"):
            values = getattr(self, name)
            twice = sorted({str(value) for value in values if values.count(value) > 1})
            if twice:
                msg = f"`{name}`: given twice: {', '.join(twice)}"
                raise ValueError(msg)
        if not self.architectures and not self.potentials:
            msg = "expected `architectures` to train, or `potentials` to judge, found neither"
            raise ValueError(msg)
        if self.architectures and not self.sizes:
            msg = "`sizes`: expected numbers of training frames for the `architectures`"
            raise ValueError(msg)
        unknown = sorted(set(self.sizes_of) - set(self.datasets))
        if unknown:
            msg = f"`sizes_of`: {', '.join(unknown)}: not one of `datasets`"
            raise ValueError(msg)

    def sizes_for(self, dataset: str) -> tuple[int, ...]:
        """Numbers of training frames on a dataset, ascending."""
        return tuple(sorted(self.sizes_of.get(dataset, self.sizes)))

    def resources_of(self, kind: str) -> Resources:
        """What a task of a kind needs."""
        found: Mapping[str, Resources] = self.resources  # type: ignore[assignment]
        return found.get(kind, Resources())
