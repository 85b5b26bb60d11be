"""How many thousands of atom-steps per second does a potential make in LAMMPS?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.throughput.measure import measure_size_cost, measure_throughput


@pytest.mark.throughput
def test_throughput(dataset, potential, timed_run, check_recorder, run_settings):
    """LAMMPS computes what the potential predicts, and does so fast enough."""
    speed = measure_throughput(timed_run)
    speed.record(check_recorder)
    cost = measure_size_cost(potential, dataset, timed_run, run_settings.throughput_atoms)
    cost.record(check_recorder)
    check_recorder.conclude()
