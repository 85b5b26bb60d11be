"""Build the file of a dataset: on all cores, resumable, with the same bytes every time.

Each system supplies one function that plans a build as a list of jobs; `Builder` does the rest::

    @dataclass(frozen=True, slots=True)
    class RattledJob:
        n_frames: int
        seed: int

        def frames(self) -> list[Atoms]:
            images = [...]
            return label_trajectory(images, calculator(), config_type="rattled")


    def plan(run: Run, *, n_frames: int = 100, seed: int = 25) -> Plan:
        jobs = [RattledJob(number, seed) for number in shares(n_frames, 10)]
        return Plan("MgO frames", jobs, settings={"n_frames": n_frames, "seed": seed})


    build = Builder(plan)
    build(Path("mgo.extxyz.xz"), n_frames=50, workers=4)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.cache import atomic_path, file_sha256
from ms25_suite.core.sealed import DamagedError, read_sealed, seal
from ms25_suite.reference.jobs import Plan, build_frames
from ms25_suite.reference.spread import refuse_numbers

__all__ = ["Builder", "Run"]

_COUNTS: Final = ("n_frames", "n_compositions")
"""Options that are numbers of things, and must be at least 1."""


@dataclass(frozen=True, slots=True)
class Run:
    """One call of a builder.

    Parameters
    ----------
    out
        File that is written in the end.
    workers
        Number of processes; None for one per core that this process may use.
    progress
        Whether to show progress bars on the standard error stream.
    """

    out: Path
    workers: int | None = None
    progress: bool = True

    def stage(self, out: Path, plan: Callable[[], Plan]) -> Path:
        """Build an intermediate file, such as the frames of an approximate potential.

        Nothing is done if the file of an earlier call is there and was not changed since.

        Parameters
        ----------
        out
            File to write; its name must name everything that it depends on.
        plan
            Makes the plan.
        """
        note = out.with_name(f"{out.name}.sha256")
        with suppress(OSError, DamagedError):
            if read_sealed(note, out.name).decode() == file_sha256(out):
                return out
        out.parent.mkdir(parents=True, exist_ok=True)
        build_frames(out, plan(), workers=self.workers, progress=self.progress)
        with atomic_path(note) as temporary:
            temporary.write_bytes(seal(file_sha256(out).encode(), out.name))
        return out


class Builder:
    """Makes the frames of a built-in dataset, or its observables, anew when it is called.

    ``ms25 data build`` calls it. The options are the keyword parameters of the plan function,
    and therefore visible to `inspect.signature`. All plans use the same names:

    ``n_frames``
        Number of frames. The default is the number that is shipped; 10,000 is the paper's.
    ``n_compositions``
        Number of curves, where each curve has a composition of its own.
    ``seed``
        Seed of everything random.
    ``potential_file``
        Parameter file of the reference potential. By default it is searched for.
    ``sampling``
        Settings of the sampling. The default is what the shipped frames were made with.

    The same options give the same file, byte for byte, on the same machine with the same
    versions, whatever the number of workers. On other machines the trajectories diverge, as
    chaotic ones do, while their statistics stay the same.

    Parameters
    ----------
    plan
        Function that takes a `Run` and the options, and returns a `Plan`.
    """

    def __init__(self, plan: Callable[..., Plan]) -> None:
        self._plan = plan
        # The first parameter of the plan is the run, whose fields are parameters of the call.
        own = list(inspect.signature(plan).parameters.values())[1:]
        call = list(inspect.signature(Run).parameters.values())
        # The command line reads names and defaults of the options from this signature.
        out = call[0].replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD)
        keywords = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *call[1:])]
        self.__signature__ = inspect.Signature([out, *keywords])

    def __call__(
        self, out: Path, *, workers: int | None = None, progress: bool = True, **options: Any
    ) -> Path:
        """Build the file; an interrupted build is resumed by the same call.

        Parameters
        ----------
        out
            File to write, extended XYZ; compressed if its name ends with ``.xz`` or ``.gz``.
        workers
            Number of processes; None for one per core that this process may use.
        progress
            Whether to show progress on the standard error stream.
        options
            Options of this dataset; see the class.

        Returns
        -------
        :
            ``out``.

        Raises
        ------
        TypeError
            The dataset has no option of this name.
        UsageError
            A number is below 1.
        ReferenceCalculatorError
            The reference potential or its program is missing, a run failed, or a worker process
            died.
        DatasetError
            The file cannot be written, for instance because the disk is full.
        """
        counts = {name: options[name] for name in _COUNTS if name in options}
        refuse_numbers(workers=workers, **counts)
        plan = self._plan(Run(out, workers, progress), **options)
        build_frames(out, plan, workers=workers, progress=progress)
        if plan.finish is not None:
            plan.finish()
        return out
