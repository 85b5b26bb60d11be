from __future__ import annotations

import itertools

import ase.eos
import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.errors import EosFitError, Ms25Error
from ms25_suite.core.fields import EQUATIONS, Equation
from ms25_suite.metrics.eos import birch_murnaghan, fit_eos, murnaghan

RATIOS = np.linspace(0.9, 1.1, 11)

CURVES = {
    "alloy": (1200.0, -450.0, 1.1, 4.6),
    "one atom": (11.9, -3.9, 0.5, 2.2),
    "soft, energies far from zero": (2411.0, -8e5, 0.03, 7.0),
    "softer when compressed": (2411.0, -816.0, 0.5, -4.0),
    "B' = 1, where the printed formula is 0 / 0": (45.0, 100.0, 3.0, 1.0),
}


def curve(equation: Equation) -> tuple[np.ndarray, np.ndarray]:
    volumes = 1210.0 * RATIOS
    function = {"murnaghan": murnaghan, "birch-murnaghan": birch_murnaghan}[equation]
    return volumes, function(volumes, 1200.0, -450.0, 1.1, 4.6)


@pytest.mark.parametrize("parameters", CURVES.values(), ids=CURVES)
@pytest.mark.parametrize("off_centre", [0.95, 1.0, 1.05])
def test_a_curve_gives_back_its_own_parameters(
    parameters: tuple[float, float, float, float], off_centre: float
) -> None:
    v0, e0, b0, b0_prime = parameters
    volumes = v0 * RATIOS * off_centre
    fit = fit_eos(volumes, murnaghan(volumes, *parameters))
    # The energies themselves have 16 digits: 1e-10 eV of 8e5.
    noise = 1e-8 + 1e3 * np.spacing(abs(e0)) / (b0 * v0)
    assert fit.v0 == pytest.approx(v0, rel=noise)
    assert fit.e0 == pytest.approx(e0, rel=1e-8)
    assert fit.b0 == pytest.approx(b0, rel=noise)
    assert fit.b0_prime == pytest.approx(b0_prime, rel=1e-8, abs=100 * noise)
    assert fit.residual < 1e-9
    np.testing.assert_allclose(fit.energies(volumes), murnaghan(volumes, *parameters), atol=1e-8)


def test_birch_murnaghan_too() -> None:
    volumes, energies = curve("birch-murnaghan")
    fit = fit_eos(volumes, energies, equation="birch-murnaghan")
    found = (fit.v0, fit.e0, fit.b0, fit.b0_prime)
    assert found == pytest.approx((1200.0, -450.0, 1.1, 4.6), rel=1e-8)
    assert fit.equation == "birch-murnaghan"
    # They are two equations: to the other one these points are a little off.
    assert fit_eos(volumes, energies).residual > 1e-3
    np.testing.assert_allclose(fit.energies(volumes), energies, atol=1e-9)


def test_formulas_are_those_of_ase() -> None:
    volumes = 40.0 * RATIOS
    for b0_prime in (-3.0, 2.0, 5.5):
        ours = murnaghan(volumes, 41.0, -7.0, 0.9, b0_prime)
        theirs = ase.eos.murnaghan(volumes, -7.0, 0.9, b0_prime, 41.0)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
        ours = birch_murnaghan(volumes, 41.0, -7.0, 0.9, b0_prime)
        theirs = ase.eos.birchmurnaghan(volumes, -7.0, 0.9, b0_prime, 41.0)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("equation", EQUATIONS)
def test_agrees_with_ase_on_a_real_crystal(equation: Equation) -> None:
    atoms = bulk("Cu", a=3.6, cubic=True)
    atoms.calc = EMT()
    cell = atoms.cell.array.copy()
    volumes, energies = [], []
    for ratio in RATIOS:
        atoms.set_cell(cell * ratio ** (1 / 3), scale_atoms=True)
        volumes.append(atoms.get_volume())
        energies.append(atoms.get_potential_energy())
    theirs = ase.eos.EquationOfState(volumes, energies, eos=equation.replace("-", ""))
    v0, e0, b0 = theirs.fit()
    ours = fit_eos(np.array(volumes), np.array(energies), equation=equation)
    # ASE stops at a relative change of 1.5e-8.
    assert (ours.v0, ours.b0) == pytest.approx((v0, b0), rel=1e-6)
    assert ours.e0 == pytest.approx(e0, abs=1e-8)
    assert ours.b0_prime == pytest.approx(theirs.eos_parameters[2], rel=1e-5)
    assert ours.residual > 1e-6  # EMT's copper is no Murnaghan solid
    # No parameters nearby fit better.
    function = {"murnaghan": murnaghan, "birch-murnaghan": birch_murnaghan}[equation]
    best = np.array([ours.v0, ours.e0, ours.b0, ours.b0_prime])
    for index, step in itertools.product(range(4), (-1e-4, 1e-4)):
        moved = best.copy()
        moved[index] *= 1.0 + step
        errors = function(np.array(volumes), *moved) - energies
        assert np.sqrt(np.mean(errors**2)) > ours.residual


def test_order_of_the_points_is_free_and_noise_is_averaged() -> None:
    volumes, energies = curve("murnaghan")
    order = np.random.default_rng(0).permutation(len(volumes))
    sorted_fit, fit = (
        fit_eos(volumes, energies),
        fit_eos(volumes[order], energies[order]),
    )
    assert fit == sorted_fit
    noisy = energies + np.random.default_rng(1).normal(0.0, 0.01, len(energies))
    fit = fit_eos(volumes, noisy)
    assert fit.v0 == pytest.approx(1200.0, rel=2e-3)
    assert 0.003 < fit.residual < 0.02


def points(n: int) -> tuple[np.ndarray, np.ndarray]:
    volumes, energies = curve("murnaghan")
    chosen = np.linspace(0, len(volumes) - 1, n).astype(int)
    return volumes[chosen], energies[chosen]


def changed(index: int, value: float) -> tuple[np.ndarray, np.ndarray]:
    volumes, energies = curve("murnaghan")
    energies[index] = value
    return volumes, energies


V = 100.0 * RATIOS
BAD = {
    "four points": (points(4), "points", "at least 5 different volumes above zero, found 4"),
    "no points": ((np.zeros(0), np.zeros(0)), "points", "found 0"),
    "one volume eleven times": ((V * 0 + 90, V), "points", "found 1, the smallest 90 Å"),
    "volume zero": ((V - V[0], (V - 100) ** 2), "points", "the smallest 0 Å"),
    "not a number": (changed(3, np.nan), "not-finite", "finite energies, but 1 of 11"),
    "infinite": (changed(0, np.inf), "not-finite", "but 1 of 11"),
    "volumes not finite": ((V * np.nan, V), "not-finite", "finite volumes, but 11"),
    "collapsed": ((V, V**2), "rising", "only rises with the volume, 90 to 110 Å.*collapse"),
    "exploded": ((V, 1 / V), "falling", "only falls with the volume.*come apart"),
    "flat": ((V, 0 * V), "no-minimum", "the same at all volumes"),
    "a hole at its lower end": (changed(0, -500.0), "outside", "at 1089 Å.*lower end"),
    "a hole at its upper end": (changed(10, -500.0), "outside", "at 1331 Å.*upper end"),
    "only its minimum is a well": (
        (V, -((V - 100) ** 2) - 200 * (np.abs(V - 100) < 1)),
        "no-minimum",
        "has no minimum",
    ),
}


@pytest.mark.parametrize(("data", "reason", "match"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("equation", EQUATIONS)
def test_energies_without_an_equation_of_state(
    data: tuple[np.ndarray, np.ndarray], reason: str, match: str, equation: Equation
) -> None:
    with pytest.raises(EosFitError, match=match) as caught:
        fit_eos(*data, equation=equation)
    assert caught.value.reason == reason
    assert isinstance(caught.value, Ms25Error)


def test_fit_that_leaves_the_volumes() -> None:
    """The lowest point lies inside by noise; the curve has its minimum elsewhere."""
    volumes = 1200.0 * np.linspace(1.05, 1.25, 11)
    energies = murnaghan(volumes, 1200.0, -450.0, 1.1, 4.6)
    energies[1] = energies[0] - 1e-3
    with pytest.raises(
        EosFitError, match=r"within the volumes 1260 to 1500 Å.*found 1\d\d\d"
    ) as caught:
        fit_eos(volumes, energies)
    assert caught.value.reason == "outside"


def test_fit_that_ends_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy import optimize

    least_squares = optimize.least_squares

    def impatient(*args: object, **settings: object) -> object:
        return least_squares(*args, **(settings | {"max_nfev": 1}))

    monkeypatch.setattr(optimize, "least_squares", impatient)
    with pytest.raises(EosFitError, match="did not converge in 1 evaluations") as caught:
        fit_eos(*curve("murnaghan"))
    assert caught.value.reason == "not-converged"


@pytest.mark.parametrize(
    ("volumes", "energies", "equation", "match"),
    [
        (V, V[1:], "murnaghan", r"one shape \(n_points,\), got \(11,\) and \(10,\)"),
        (V[:, None], V[:, None], "murnaghan", "one shape"),
        (V, V, "vinet", "among murnaghan, birch-murnaghan, found 'vinet'"),
    ],
)
def test_senseless_arguments(
    volumes: np.ndarray, energies: np.ndarray, equation: Equation, match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        fit_eos(volumes, energies, equation=equation)


def test_wild_curves_end_in_a_fit_or_a_named_error() -> None:
    """Whatever a potential returns, nothing but `EosFitError` may come out, and no warning."""
    rng = np.random.default_rng(3)
    reasons = set()
    for index in range(12):
        energies = rng.normal(size=11) * 10.0 ** rng.integers(-8, 12)
        energies += [0.0, -1e6][index % 2]
        try:
            fit = fit_eos(1200 * RATIOS, energies)
        except EosFitError as error:
            reasons.add(error.reason)
        else:
            assert np.isfinite([fit.v0, fit.e0, fit.b0, fit.b0_prime, fit.residual]).all()
            assert 1080 < fit.v0 < 1320
    assert "outside" in reasons
