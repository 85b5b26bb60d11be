from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.metrics.agreement import (
    agreement_tolerances,
    compare_predictions,
    nve_drift,
    route_differences,
)

FORCES = np.arange(12.0).reshape(4, 3)
STRESS = np.arange(6.0)
PREDICTED = Predictions(np.array([-8.0]), FORCES, STRESS[None])


def test_no_difference() -> None:
    found = route_differences(PREDICTED, energy=-8.0, forces=FORCES, stress=STRESS)
    assert {name: entry.value for name, entry in found.items()} == dict.fromkeys(
        ("energy", "forces", "stress"), 0.0
    )


def test_each_difference_is_where_it_is() -> None:
    forces, stress = FORCES.copy(), STRESS.copy()
    forces[2, 1] -= 0.5
    stress[3] += 0.25
    found = route_differences(PREDICTED, energy=-8.4, forces=forces, stress=stress)
    assert found["energy"].value == pytest.approx(0.1)
    assert (found["forces"].value, found["forces"].where) == (0.5, "atom 2, along y")
    assert (found["stress"].value, found["stress"].where) == (0.25, "component yz")


def test_a_stress_that_got_lost_differs() -> None:
    nothing = np.full(6, np.nan)
    found = route_differences(PREDICTED, energy=-8.0, forces=FORCES, stress=nothing)
    assert found["stress"].value == np.inf


@pytest.mark.parametrize("stress", [None, np.full((1, 6), np.nan)])
def test_without_a_predicted_stress_none_is_compared(stress: np.ndarray | None) -> None:
    predicted = Predictions(PREDICTED.energy, FORCES, stress)
    found = route_differences(predicted, energy=-8.0, forces=FORCES, stress=STRESS)
    assert list(found) == ["energy", "forces"]


@pytest.mark.parametrize(
    ("predicted", "forces"),
    [
        (Predictions(None, FORCES, None), FORCES),
        (Predictions(PREDICTED.energy, None, None), FORCES),
        (PREDICTED, FORCES[:3]),
        (Predictions(np.zeros(2), FORCES, None), FORCES),
    ],
)
def test_what_cannot_be_compared(predicted: Predictions, forces: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected"):
        route_differences(predicted, energy=0.0, forces=forces, stress=STRESS)


FRAMES = Frames.from_atoms([Atoms(f"Cu{n}", np.zeros((n, 3))) for n in (4, 2)])


def both(**changes: np.ndarray | None) -> Predictions:
    fields = {
        "energy": np.array([-8.0, -4.0]),
        "forces": np.vstack([FORCES, np.zeros((2, 3))]),
        "stress": np.array([STRESS, np.full(6, np.nan)]),
    }
    return Predictions(**(fields | changes))


def test_the_largest_difference_of_all_frames_counts() -> None:
    forces = both().forces
    assert forces is not None
    forces[5, 2] += 0.25
    found = compare_predictions(
        FRAMES, both(), both(forces=forces, energy=np.array([-8.4, -4.1])), "float64"
    )
    assert found.differences["energy"].value == pytest.approx(0.1)
    worst = found.differences["forces"]
    assert (worst.value, worst.where, worst.frame) == (0.25, "atom 1, along z", 1)
    np.testing.assert_allclose(found.by_frame["energy"], [0.1, 0.05])
    np.testing.assert_allclose(found.by_frame["forces"], [0.0, 0.25])
    # The second frame has no stress in either.
    np.testing.assert_array_equal(found.by_frame["stress"], [0.0, np.nan])
    assert list(found.beyond()) == ["energy", "forces"]


@pytest.mark.parametrize("lost", [None, np.full((2, 6), np.nan)])
def test_numbers_that_one_of_them_lacks_are_infinitely_far(lost: np.ndarray | None) -> None:
    found = compare_predictions(FRAMES, both(), both(stress=lost), "float64")
    assert list(found.beyond()) == ["stress"]
    assert found.differences["stress"].value == np.inf
    broken = compare_predictions(FRAMES, both(), both(energy=np.array([-8.0, np.nan])), "float64")
    assert (broken.differences["energy"].value, broken.differences["energy"].frame) == (np.inf, 1)


def test_the_tolerance_is_that_of_the_largest_energy_per_atom() -> None:
    large = both(energy=np.array([-8.0, -4000.0]))
    found = compare_predictions(FRAMES, large, large, "float32").tolerances["energy"]
    assert found == agreement_tolerances("float32", -2000.0)["energy"]


def test_predictions_for_other_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="energies and forces of 2 frames with 6 atoms"):
        compare_predictions(FRAMES, both(), PREDICTED, "float64")


def test_tolerances() -> None:
    double, single = (agreement_tolerances(dtype, -8.0) for dtype in ("float64", "float32"))
    plain = {"energy": 1e-6, "forces": 1e-5, "stress": 1e-6}
    assert {name: entry.value for name, entry in double.items()} == plain
    assert "rounding in float64" in double["energy"].reason
    for name, tolerance in single.items():
        assert plain[name] < tolerance.value < 100 * plain[name]


def test_a_slope_is_a_drift() -> None:
    steps = np.arange(0, 200, 5)
    # 2 meV/atom/ps of 10 atoms, in steps of half a femtosecond.
    energies = -40.0 + 10 * 0.002 * steps * 0.5 / 1000
    drift = nve_drift(steps, energies, n_atoms=10, timestep_fs=0.5)
    assert drift.value == pytest.approx(2.0)
    assert drift.interval == pytest.approx((2.0, 2.0))


def test_a_ripple_is_none() -> None:
    """An oscillation of 0.1 meV/atom with a period of 40 fs, in 180 fs."""
    steps = np.arange(0, 181, 5)
    energies = -8.0 + 1e-4 * np.sin(2 * np.pi * steps / 40)
    drift = nve_drift(steps, energies, n_atoms=1, timestep_fs=1.0)
    assert drift.interval is not None
    assert drift.interval[0] < 0 < drift.interval[1]


def test_two_energies_are_no_drift() -> None:
    with pytest.raises(ValueError, match="three energies"):
        nve_drift(np.arange(2), np.zeros(2), n_atoms=1, timestep_fs=1.0)
