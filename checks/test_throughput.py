"""How many thousands of atom-steps per second does a potential make in LAMMPS?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.throughput.measure import (CRITERION, QUANTITY, record_speed, time_sizes)


@pytest.mark.throughput
def test_throughput(dataset, potential, timed_run, check_recorder, run_settings):
    """LAMMPS computes what the potential predicts, and does so fast enough."""
    threshold = run_settings.threshold(CRITERION, dataset, QUANTITY)
    record_speed(timed_run, check_recorder, threshold)
    cost = time_sizes(potential, dataset, timed_run, run_settings.throughput_atoms)
    cost.record(check_recorder)
    failed = check_recorder.failed(strict=run_settings.strict)
    assert not failed, "\n".join(result.explain() for result in failed)
