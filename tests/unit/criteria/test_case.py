from __future__ import annotations

from typing import Any

from ms25_suite.criteria.case import Case


def test_a_case_has_no_parameters_unless_it_is_given_some() -> None:
    dataset: Any = object()
    case = Case(dataset, "a potential")
    assert dict(case.parameters) == {}
    assert case.train_sizes == ()
