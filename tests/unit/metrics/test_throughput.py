from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.metrics.throughput import (
    NOISY,
    fit_memory,
    fit_power_law,
    katoms_per_s,
    measured_speed,
    median_interval,
)


def test_the_unit_is_that_of_lammps() -> None:
    """The example of its manual: 300 steps of 2004 atoms in 0.942801 s are 637.674 katom-step/s."""
    assert katoms_per_s(2004, 300, 0.942801) == pytest.approx(637.674, abs=5e-4)


@pytest.mark.parametrize(
    ("n_atoms", "n_steps", "seconds"),
    [(0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.0), (1, 1, float("inf")), (1, 1, float("nan"))],
)
def test_no_speed_of_nothing(n_atoms: int, n_steps: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="expected positive numbers"):
        katoms_per_s(n_atoms, n_steps, seconds)


def test_median_spread_and_time_of_a_step() -> None:
    # 100 atoms, 10 steps: 1 s is 1 kAtoms/s.
    speed = measured_speed(100, 10, [1 / s for s in (10, 11, 12, 13, 14, 15, 16, 17, 18)])
    assert speed.median == pytest.approx(14)
    assert speed.quartiles == pytest.approx((12, 16))
    assert speed.interval == pytest.approx((11, 17))
    assert speed.spread == pytest.approx(4 / 14)
    assert speed.ms_per_step == pytest.approx(100 / 14)


def test_one_interruption_is_no_noise_and_many_are() -> None:
    calm = [1.0] * 8 + [30.0]
    assert measured_speed(100, 10, calm).noise == ""
    restless = measured_speed(100, 10, [1.0, 1.3, 1.0, 1.3, 1.0, 1.3, 1.0, 1.3, 1.1])
    assert restless.spread > NOISY
    assert "too noisy for a number: the middle half of 9 blocks of 10 steps" in restless.noise
    assert "0.77 to 1 kAtoms/s" in restless.noise
    assert "--throughput-steps" in restless.noise


def test_a_speed_needs_a_block() -> None:
    with pytest.raises(ValueError, match="at least one block"):
        measured_speed(100, 10, [])


def test_the_interval_of_a_median_is_of_ordered_values() -> None:
    assert median_interval([5.0, 1, 4, 2, 3]) is None
    assert median_interval([6.0, 1, 5, 2, 4, 3]) == (1, 6)
    assert median_interval(np.arange(9.0)) == (1, 7)
    assert median_interval(np.arange(100.0)) == (39, 60)


def test_the_interval_of_a_median_covers_it() -> None:
    """In at least 95 % of samples, also of a distribution that is far from normal."""
    rng = np.random.default_rng(0)
    samples = rng.exponential(size=(500, 9))
    ends = [median_interval(sample) for sample in samples]
    hits = [low <= np.log(2) <= high for low, high in ends]  # type: ignore[misc]
    assert 0.94 <= np.mean(hits) <= 0.98


def test_a_power_law_is_found() -> None:
    sizes = [100, 400, 1000, 8000]
    law = fit_power_law(sizes, [3.0 * n**1.25 for n in sizes])
    assert law is not None
    assert (law.exponent, law.prefactor) == (pytest.approx(1.25), pytest.approx(3.0))
    assert law.interval == pytest.approx((1.25, 1.25))
    assert law.at(500) == pytest.approx(3 * 500**1.25)


def test_scatter_widens_the_interval_of_the_exponent() -> None:
    rng = np.random.default_rng(1)
    sizes = [100, 200, 400, 800, 1600]
    laws = [
        fit_power_law(sizes, [n * np.exp(0.1 * rng.normal()) for n in sizes]) for _ in range(200)
    ]
    ends = [law.interval for law in laws]  # type: ignore[union-attr]
    inside = np.mean([low <= 1.0 <= high for low, high in ends])  # type: ignore[misc]
    assert 0.9 <= inside <= 0.98


def test_two_sizes_have_an_exponent_without_interval() -> None:
    law = fit_power_law([100, 200], [1.0, 4.0])
    assert law is not None
    assert (law.exponent, law.interval) == (pytest.approx(2.0), None)


@pytest.mark.parametrize(
    ("sizes", "times"), [([100], [1.0]), ([100, 100], [1.0, 2.0]), ([100, 200], [1.0, 0.0])]
)
def test_no_power_law(sizes: list[int], times: list[float]) -> None:
    assert fit_power_law(sizes, times) is None


def test_memory_is_a_line() -> None:
    assert fit_memory([100, 200, 800], [310.0, 320.0, 380.0]) == pytest.approx((300.0, 0.1))
    assert fit_memory([100, 100], [310.0, 310.0]) is None
