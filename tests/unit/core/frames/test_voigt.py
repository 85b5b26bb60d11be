from __future__ import annotations

import numpy as np
from ase.stress import full_3x3_to_voigt_6_stress, voigt_6_to_full_3x3_stress

from ms25_suite.core.frames import from_voigt, to_voigt


def test_voigt_order_is_that_of_ase() -> None:
    tensor = np.random.default_rng(0).normal(size=(5, 3, 3))
    tensor += np.swapaxes(tensor, 1, 2)
    np.testing.assert_allclose(to_voigt(tensor), [full_3x3_to_voigt_6_stress(t) for t in tensor])
    components = to_voigt(tensor)
    expected = [voigt_6_to_full_3x3_stress(c) for c in components]
    np.testing.assert_allclose(from_voigt(components), expected)


def test_voigt_components_are_those_of_the_symmetric_part() -> None:
    tensor = np.arange(9.0).reshape(3, 3)
    np.testing.assert_allclose(from_voigt(to_voigt(tensor)), 0.5 * (tensor + tensor.T))
