from __future__ import annotations

import math

import pytest

from ms25_suite.potentials.batching.limits import (
    START,
    FixedLimit,
    GrowingLimit,
    Learned,
)

GB = 10**9


def _settle(
    limit: GrowingLimit,
    *,
    half: float = 1e5,
    bytes_per_load: float = 1e4,
    overhead: float = 0.0,
    noise: tuple[float, ...] = (1.0,),
) -> list[int]:
    """Sizes that were used until the limit had settled, on a card with a throughput curve."""
    used: list[int] = []
    for turn in range(200):
        if limit.settled:
            return used
        load = limit.value
        used.append(load)
        seconds = (load + half) / 1e7 * noise[turn % len(noise)]
        # The first batch of a size is slow: memory is allocated, kernels are compiled.
        if used.count(load) == 1:
            seconds *= 3
        limit.record(load, seconds, int(overhead + bytes_per_load * load))
    msg = "it never settles"
    raise AssertionError(msg)


@pytest.mark.parametrize("half", [1e3, 3e4, 3e5, 2e6])
def test_it_grows_until_the_throughput_stands_still(half: float) -> None:
    limit = GrowingLimit(lambda: 10**15)
    used = _settle(limit, half=half)
    # Throughput is load / (load + half): a doubling is worth 5 % up to some 8 times half.
    fastest = max(used) / (max(used) + half)
    assert limit.value / (limit.value + half) > fastest / 1.06
    assert limit.value <= max(START, 40 * half)
    # It does not spend more on the search than a few batches of the size that it found.
    assert sum(used) < 12 * max(used)


@pytest.mark.parametrize("memory_gb", [4, 12, 24, 80])
@pytest.mark.parametrize("bytes_per_load", [2e3, 2e4, 2e5])
def test_it_stops_before_the_memory_is_full(memory_gb: int, bytes_per_load: float) -> None:
    limit = GrowingLimit(lambda: memory_gb * GB)
    used = _settle(limit, half=1e7, bytes_per_load=bytes_per_load)
    assert max(used) * bytes_per_load < memory_gb * GB
    # It is filled by more than a third where memory is what limits it.
    assert limit.value * bytes_per_load > 0.3 * memory_gb * GB or limit.value == 4_194_304


def test_noise_of_a_few_per_cent_does_not_stop_it_early() -> None:
    limit = GrowingLimit(lambda: 10**15)
    _settle(limit, half=5e5, noise=(1.0, 1.02, 0.99, 1.03, 0.98))
    assert limit.value > 5e5


def test_memory_that_another_process_takes_meanwhile() -> None:
    free = [80 * GB]
    limit = GrowingLimit(lambda: free[0])
    for _ in range(3):
        limit.record(limit.value, 0.1, int(2e4 * limit.value))
    free[0] = 1 * GB
    before = limit.value
    for _ in range(3):
        limit.record(limit.value, 0.1, int(2e4 * limit.value))
    assert limit.settled
    assert limit.value <= before
    assert limit.value * 2e4 < GB


def test_batches_of_other_sizes_say_nothing() -> None:
    limit = GrowingLimit(lambda: 10**15)
    for _ in range(20):
        limit.record(limit.value // 3, 1e-9, 1)  # a last batch
        limit.record(2 * limit.value, 1.0, 1)  # one large frame
        limit.record(limit.value, 0.0, 1)  # nobody took the time
    assert limit.value == START
    assert not limit.settled


def test_a_failure_halves_it_for_good() -> None:
    limit = GrowingLimit(lambda: 10**15)
    limit.failed(30_000)
    assert limit.value == 15_000
    assert limit.is_hopeless(30_000)
    assert not limit.is_hopeless(29_999)
    for _ in range(10):
        limit.record(15_000, 0.1, 10)
    assert limit.value == 15_000
    limit.failed(1)
    assert limit.value == 1


def test_a_small_card_starts_small() -> None:
    assert GrowingLimit(lambda: 2 * GB).value < START
    assert GrowingLimit(lambda: 0).value == 1


def test_what_was_learned_is_the_start() -> None:
    known = Learned(limit=500_000, settled=True, bytes_per_load=1e4)
    limit = GrowingLimit(lambda: 80 * GB, known)
    assert limit.value == 500_000
    assert limit.settled
    assert limit.learned() == known
    # But not on a card that is half full today.
    assert GrowingLimit(lambda: 2 * GB, known).value == 160_000


def test_an_unfinished_search_goes_on() -> None:
    limit = GrowingLimit(lambda: 10**15)
    for _ in range(3):
        limit.record(limit.value, 0.1, 10**6)
    known = limit.learned()
    assert not known.settled
    again = GrowingLimit(lambda: 10**15, Learned.from_dict(known.to_dict()))
    assert again.value == limit.value
    _settle(again, half=1e6)
    assert again.value > known.limit


@pytest.mark.parametrize(
    "record",
    [
        {"limit": 0, "settled": True, "bytes_per_load": 1.0},
        {"limit": 10**12, "settled": True, "bytes_per_load": 1.0},
        {"limit": 10, "settled": True, "bytes_per_load": 0.0},
        {"limit": 10, "settled": True, "bytes_per_load": math.inf},
        {"limit": 10, "settled": True, "bytes_per_load": math.nan},
    ],
)
def test_sizes_out_of_range_are_refused(record: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        Learned.from_dict(record)


def test_a_fixed_limit_counts_atoms() -> None:
    limit = FixedLimit(512)
    assert limit.load(10, 5000) == 10
    limit.record(512, 1.0, 10**12)
    assert limit.value == 512
    limit.failed(300)
    assert limit.value == 150
    assert limit.is_hopeless(300)
    assert not limit.is_hopeless(299)


def test_a_large_frame_that_fails_does_not_change_the_size_of_batches() -> None:
    limit = GrowingLimit(lambda: 10**15)
    limit.failed(10 * START)
    assert limit.value == START
    assert not limit.settled
    assert limit.is_hopeless(10 * START)
    fixed = FixedLimit(100)
    fixed.failed(3000)
    assert fixed.value == 100
