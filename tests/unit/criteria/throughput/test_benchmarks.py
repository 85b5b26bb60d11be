from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.emt import EMT

from ms25_suite.criteria.throughput.benchmarks import STEP_CLOCK, SpeedBenchmark, StepClock
from tests.helpers.copper_data import open_crystals
from tests.helpers.in_process import InProcess


class Benchmark:
    """What `SpeedBenchmark` uses of the fixture of pytest-benchmark; nothing is timed."""

    def __init__(self) -> None:
        self.group = ""
        self.extra_info: dict[str, Any] = {}
        self.stats: Any = SimpleNamespace(stats=SimpleNamespace(median=0.002))
        self.rounds = 0

    def pedantic(self, function: Any, *, setup: Any, rounds: int) -> None:
        for _ in range(rounds):
            arguments = setup()
            args, kwargs = arguments if arguments else ((), {})
            function(*args, **kwargs)
            self.rounds += 1


def test_no_structure_is_predicted_twice(tmp_path: Path) -> None:
    """A calculator of ASE remembers its last structure, and would answer in no time."""
    seen: list[np.ndarray] = []

    class Recording(EMT):
        def calculate(self, atoms: Atoms, *args: object) -> None:
            seen.append(atoms.positions.copy())
            super().calculate(atoms, *args)

    benchmark = Benchmark()
    speed = SpeedBenchmark(benchmark, InProcess(Recording), open_crystals(tmp_path, n=3))
    speed.batch(8)
    assert benchmark.rounds == 5
    # One to warm up, then 5 rounds of 8 frames, of which there are 3 only.
    assert len(seen) == 1 + 40
    assert len({positions.tobytes() for positions in seen}) == len(seen)


def test_a_benchmark_is_described(tmp_path: Path) -> None:
    benchmark = Benchmark()
    SpeedBenchmark(benchmark, InProcess(), open_crystals(tmp_path, n=2)).batch(1)
    info = benchmark.extra_info
    assert benchmark.group == "cuni"
    assert (info["potential"], info["n_atoms"], info["n_frames"]) == ("emt", 4, 1)
    assert info["katoms_per_s"] == pytest.approx(4 / 0.002 / 1000)


def test_a_disabled_benchmark_has_no_speed(tmp_path: Path) -> None:
    benchmark = Benchmark()
    benchmark.stats = None
    SpeedBenchmark(benchmark, InProcess(), open_crystals(tmp_path, n=2)).batch(1)
    assert "katoms_per_s" not in benchmark.extra_info


def test_the_clock_is_set_forward_by_hand() -> None:
    clock = StepClock()
    start = clock()
    clock.advance(0.25)
    assert clock() - start == pytest.approx(0.25)
    assert STEP_CLOCK.__name__ == "lammps_steps"
