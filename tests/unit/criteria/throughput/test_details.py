from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.details import details_of
from ms25_suite.criteria.throughput.details import (
    SIZES_KEY,
    SPEED_KEY,
    SizeCostDetails,
    ThroughputDetails,
)
from tests.helpers.details import size_cost_details, throughput_details
from tests.helpers.reports import make_result


def read_speed(**changes: Any) -> ThroughputDetails | None:
    result = make_result(details=throughput_details(**changes))
    return details_of(result, SPEED_KEY, ThroughputDetails)


def read_cost(**changes: Any) -> SizeCostDetails | None:
    return details_of(make_result(details=size_cost_details(**changes)), SIZES_KEY, SizeCostDetails)


def test_what_a_file_holds_is_read_and_written_unchanged() -> None:
    speed, cost = read_speed(interval=None), read_cost(memory_line_mib=None, too_large=None)
    assert speed is not None
    assert cost is not None
    assert {SPEED_KEY: speed.to_dict()} == throughput_details(interval=None)
    assert {SIZES_KEY: cost.to_dict()} == size_cost_details(memory_line_mib=None, too_large=None)


@pytest.mark.parametrize(
    "changes",
    [
        {"quartiles": [1.0]},
        {"quartiles": [0.0, 1.0]},
        {"quartiles": ["a", "b"]},
        {"shares": {"model": "all"}},
        {"n_atoms": None},
    ],
)
def test_a_malformed_speed_is_refused(changes: dict[str, Any]) -> None:
    assert read_speed(**changes) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"n_atoms": [108]},
        {"n_atoms": "many"},
        {"ms_per_step": [54.0, None]},
        {"ms_per_step": [54.0, 0.0]},
        {"prefactor_ms": None},
        {"katoms_per_s": []},
    ],
)
def test_a_malformed_cost_is_refused(changes: dict[str, Any]) -> None:
    assert read_cost(**changes) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "a processor, 1 thread"),
        ({"threads": 4}, "a processor, 4 threads"),
        ({"device": "cuda:0", "gpu": "a card"}, "a card, 1 thread"),
        ({"device": "cuda:0"}, "unknown hardware, 1 thread"),
    ],
)
def test_hardware(changes: dict[str, Any], words: str) -> None:
    speed = read_speed(**changes)
    assert speed is not None
    assert speed.hardware == words
