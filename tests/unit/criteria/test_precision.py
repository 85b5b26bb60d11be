from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.criteria.consistency.measure import measure_consistency, measure_law
from ms25_suite.criteria.precision import dtype_of
from tests.helpers.copper_data import open_crystals
from tests.helpers.in_process import InProcess, InProcessModel
from tests.helpers.lennard_jones import LennardJonesModel


class Fixed(LennardJonesModel):
    """Has weights in single precision, whatever the run asks for."""

    precision = "float32"


def test_the_type_is_that_of_the_numbers() -> None:
    assert dtype_of(InProcess()) == "float32"
    assert dtype_of(InProcessModel(LennardJonesModel())) == "float64"
    assert dtype_of(InProcessModel(Fixed())) == "float32"


@pytest.mark.parametrize(("model", "dtype"), [(LennardJonesModel, "float64"), (Fixed, "float32")])
def test_laws_allow_the_rounding_of_the_weights(
    tmp_path: Path, model: type[LennardJonesModel], dtype: str
) -> None:
    found = measure_consistency(InProcessModel(model()), open_crystals(tmp_path, n=2), seed=0)
    law = measure_law(found, "permutation")
    assert law.mark is not None
    assert f"rounding in {dtype}" in law.mark.source
