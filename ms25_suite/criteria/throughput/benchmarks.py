"""Predictions and dynamics of a potential as benchmarks of pytest-benchmark.

They bypass the cache of predictions and give no verdict: ``--benchmark-compare-fail`` of
pytest-benchmark sets the limit of a comparison.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

from ms25_suite.core.frames import Frames
from ms25_suite.criteria.held_out import unseen_frames
from ms25_suite.criteria.throughput.timed_run import TimedRun
from ms25_suite.criteria.throughput.timing import device_and_dtype
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.potentials.potential import Potential

__all__ = ["STEP_CLOCK", "SpeedBenchmark"]

_ROUNDS: Final = {1: 20, 8: 5, 64: 3}
"""Rounds by the number of frames in a batch: few of the slow ones."""


_SHIFT_A: Final = 1e-4
"""Distance by which frames are moved as a whole, in Å."""


class StepClock:
    """A clock that is set forward by hand.

    Steps in LAMMPS are timed in the worker, without the time that LAMMPS needs to start; a
    benchmark that reads this clock reports those times.
    """

    def __init__(self) -> None:
        self.__name__ = "lammps_steps"
        self._now = 0.0

    def __call__(self) -> float:
        """Now, in seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let some time pass."""
        self._now += seconds


STEP_CLOCK: Final = StepClock()
"""The clock of the benchmark of a step, which pytest-benchmark takes by a marker."""


class SpeedBenchmark:
    """A potential on a dataset, for the fixture ``benchmark``.

    Parameters
    ----------
    benchmark
        Fixture of pytest-benchmark; its group is the dataset.
    potential, dataset
        What is timed, on what.
    """

    def __init__(self, benchmark: Any, potential: Potential, dataset: Dataset) -> None:
        benchmark.group = dataset.name
        self._benchmark = benchmark
        self._potential = potential
        self._dataset = dataset
        indices, _ = unseen_frames(potential, dataset)
        self._indices = indices

    def single_point(self) -> None:
        """Time energy, forces and stress of the first test frame through the ASE calculator."""
        calculator = self._potential.calculator()
        structures = (frames.atoms(0) for frames in self._frames(1))
        self._time(calculator.calculate, structures, 1, "ASE calculator")

    def batch(self, n_frames: int) -> None:
        """Time the prediction of some frames at once."""
        self._time(self._potential.compute, self._frames(n_frames), n_frames, "batch")

    def md_step(self, timed: TimedRun) -> None:
        """Hand over the measured steps, each block as a round.

        Raises
        ------
        LammpsError
            LAMMPS did not compute what the potential predicts.
        """
        seconds = itertools.cycle((timed.run.wall_s / timed.plan.n_steps).tolist())
        self._benchmark.pedantic(
            lambda: STEP_CLOCK.advance(next(seconds)),
            # Refused inside of the benchmark, which would complain that it was not used.
            setup=timed.require_speed,
            rounds=len(timed.run.wall_s),
        )
        self._describe(timed.run.n_atoms, 1, timed.run.route, timed.run.threads)

    def _frames(self, n_frames: int) -> Iterator[Frames]:
        """Test frames, from the first one on and again if there are too few; never twice the same.

        A calculator of ASE remembers its last structure, so each one is moved as a whole.
        """
        frames = self._dataset.frames.select(np.resize(self._indices, n_frames))
        for turn in itertools.count(1):
            shift = _SHIFT_A * (turn * n_frames + frames.frame_of_atom)
            yield replace(frames, positions=frames.positions + shift[:, None])

    def _time(
        self, function: Callable[[Any], Any], inputs: Iterator[Any], n_frames: int, route: str
    ) -> None:
        """Time a function of some frames, each round with other ones."""
        # The first prediction of a worker also compiles and allocates.
        # Outside of the timed rounds.
        self._potential.compute(self._dataset.frames.select(self._indices[:1]))
        self._benchmark.pedantic(
            function, setup=lambda: ((next(inputs),), {}), rounds=_ROUNDS[n_frames]
        )
        frames = self._dataset.frames.select(np.resize(self._indices, n_frames))
        self._describe(len(frames.numbers), n_frames, route, self._potential.options.n_workers)

    def _describe(self, n_atoms: int, n_frames: int, route: str, threads: int) -> None:
        potential = self._potential
        device, dtype = device_and_dtype(potential)
        info = self._benchmark.extra_info
        info |= {
            "potential": potential.name,
            "architecture": potential.architecture,
            "sha256": potential.sha256,
            "dataset": self._dataset.name,
            "n_atoms": n_atoms,
            "n_frames": n_frames,
            "route": route,
            "device": device,
            "dtype": dtype,
            "threads": threads,
        }
        # With --benchmark-disable there is none.
        if self._benchmark.stats is not None:
            info["katoms_per_s"] = n_atoms / self._benchmark.stats.stats.median / 1000.0
