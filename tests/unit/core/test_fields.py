"""Names and the types that list the same names."""

from __future__ import annotations

from typing import get_args

from ms25_suite.core import fields


def test_types_and_tuples_list_the_same_names() -> None:
    assert get_args(fields.Quantity) == fields.QUANTITIES
    assert get_args(fields.Equation) == fields.EQUATIONS
    assert get_args(fields.Ensemble) == fields.ENSEMBLES


def test_labels_do_not_use_the_names_of_ase() -> None:
    from ase.calculators.calculator import all_properties

    labels = {fields.REF_ENERGY, fields.REF_FORCES, fields.REF_STRESS}
    assert len(labels) == 3
    assert not labels & set(all_properties)
