"""The same potentials as benchmarks of pytest-benchmark: predictions, and a step in LAMMPS."""

from __future__ import annotations

import pytest

from ms25_suite.criteria.throughput.benchmarks import STEP_CLOCK, SpeedBenchmark

BATCHES = (1, 8, 64)


@pytest.mark.throughput
def test_single_point(ms25_speed_benchmark: SpeedBenchmark):
    """Energy and forces of one frame through the ASE calculator."""
    ms25_speed_benchmark.single_point()


@pytest.mark.throughput
@pytest.mark.parametrize("n_frames", BATCHES)
def test_batch(ms25_speed_benchmark: SpeedBenchmark, n_frames: int):
    """Energies, forces and stresses of frames that are predicted together."""
    ms25_speed_benchmark.batch(n_frames)


@pytest.mark.throughput
@pytest.mark.benchmark(timer=STEP_CLOCK)
def test_md_step(ms25_timed_run, ms25_speed_benchmark: SpeedBenchmark):
    """A step of molecular dynamics in LAMMPS."""
    ms25_speed_benchmark.md_step(ms25_timed_run)
