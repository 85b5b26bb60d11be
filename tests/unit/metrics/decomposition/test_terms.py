from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.metrics.decomposition.terms import REST, cancellation, decompose, leave_one_out


def columns(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    fractions = rng.dirichlet(np.ones(3), n)
    volumes = rng.normal(scale=0.5, size=(n, 1))
    return {"constant": np.ones((n, 1)), "element": fractions, "volume": volumes}


def test_known_terms_are_found() -> None:
    rng = np.random.default_rng(0)
    terms = columns(rng, 200)
    of_elements = terms["element"] @ [0.03, -0.02, -0.01]
    errors = 0.05 + of_elements + 0.01 * terms["volume"][:, 0] + rng.normal(scale=0.004, size=200)
    found = decompose(errors, terms, slope_of="volume")
    sizes = {term.name: term.size for term in found.terms}
    assert sizes["element"].value == pytest.approx(of_elements.std(), rel=0.15)
    assert sizes["volume"].value == pytest.approx(0.005, rel=0.15)
    assert sizes[REST].value == pytest.approx(0.004, rel=0.15)
    assert found.slope is not None
    assert found.slope.interval is not None
    assert found.slope.interval[0] < 0.01 < found.slope.interval[1]
    assert [term.n_parameters for term in found.terms] == [1, 2, 1, 0]
    assert sum(term.share.value for term in found.terms) == pytest.approx(1.0)
    # The squares add up to the mean square error, but for what parameters explain by chance.
    total = sum(term.size.value**2 for term in found.terms)
    assert total == pytest.approx((errors**2).mean(), rel=0.01)
    assert found.systematic.value == pytest.approx(1 - found.terms[-1].share.value)


def test_terms_of_noise_are_near_zero() -> None:
    rng = np.random.default_rng(1)
    shares = []
    for seed in range(20):
        noise = rng.normal(size=40)
        shares.append(decompose(noise, columns(rng, 40), seed=seed).systematic.value)
    # Four parameters explain a tenth of the noise of 40 frames, if that is not subtracted.
    assert np.mean(shares) < 0.06


def test_a_column_that_depends_on_others_gets_nothing() -> None:
    rng = np.random.default_rng(0)
    terms = columns(rng, 30) | {"kind": np.ones((30, 1))}
    found = {term.name: term for term in decompose(rng.normal(size=30) + 5, terms).terms}
    assert (found["kind"].n_parameters, found["kind"].size.value) == (0, 0.0)


def test_no_error_has_no_terms() -> None:
    found = decompose(np.zeros(10), {"constant": np.ones((10, 1))})
    assert [term.size.value for term in found.terms] == pytest.approx([0.0, 0.0], abs=1e-6)


def test_a_frame_does_not_explain_itself() -> None:
    rng = np.random.default_rng(0)
    errors, fractions = rng.normal(size=12), rng.dirichlet(np.ones(3), 12)
    left = leave_one_out(errors, fractions)
    for k in range(12):
        others = np.arange(12) != k
        fit = np.linalg.lstsq(fractions[others], errors[others], rcond=None)[0]
        assert left[k] == pytest.approx(errors[k] - fractions[k] @ fit)
    # Nothing is known about the constant of a frame's own element without it.
    alone = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert leave_one_out(np.array([1.0, 1.0, 7.0]), alone)[2] == 7.0


def test_a_constant_cancels_and_noise_does_not() -> None:
    rng = np.random.default_rng(0)
    noise, groups = rng.normal(scale=0.01, size=200), np.zeros(200, dtype=int)
    independent = cancellation(noise, groups)
    shifted = cancellation(noise + 1.0, groups)
    assert independent is not None
    assert shifted is not None
    assert independent[1].value == pytest.approx(1.0, abs=0.05)
    assert shifted[1].value < 0.02
    assert shifted[0].value == pytest.approx(independent[0].value)
    assert shifted[0].value == pytest.approx(2 * 0.01 / np.sqrt(np.pi), rel=0.1)


def test_differences_need_two_frames_of_one_composition() -> None:
    assert cancellation(np.ones(3), np.arange(3)) is None
    assert cancellation(np.zeros(3), np.zeros(3, dtype=int)) is None
    pair = cancellation(np.array([1.0, 3.0, 9.0]), np.array([0, 0, 1]))
    assert pair is not None
    assert pair[0].value == 2.0
