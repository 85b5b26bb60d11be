"""How many thousands of atom-steps per second does a potential make in LAMMPS?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.throughput.measure import measure_size_cost, measure_throughput


@pytest.mark.throughput
def test_throughput(
    ms25_dataset, ms25_potential, ms25_timed_run, ms25_check_recorder, ms25_run_settings
):
    """LAMMPS computes what the potential predicts, and does so fast enough."""
    speed = measure_throughput(ms25_timed_run)
    speed.record(ms25_check_recorder)
    cost = measure_size_cost(
        ms25_potential, ms25_dataset, ms25_timed_run, ms25_run_settings.throughput_atoms
    )
    cost.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
