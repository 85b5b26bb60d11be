from __future__ import annotations

import random

from ms25_suite.core.records import DatasetRecord, PotentialRecord, RunRecord
from ms25_suite.report.order import sort_potentials, sort_results
from tests.helpers.reports import make_result

RUN = RunRecord(
    potentials=(PotentialRecord(name="z"), PotentialRecord(name="a"), PotentialRecord(name="z")),
    datasets=(DatasetRecord(name="water"),),
)


def test_order_does_not_depend_on_the_order_of_arrival() -> None:
    results = [
        make_result(criterion=criterion, dataset=dataset, potential=potential, quantity=quantity)
        for criterion in ("error_thresholds", "eos", "a_new_one")
        for dataset in ("water", "mgo")
        for potential in ("z", "a", "m")
        for quantity in ("energy", "forces", "stress")
    ]
    shuffled = results.copy()
    random.Random(0).shuffle(shuffled)
    ordered = sort_results(RUN, shuffled)
    assert ordered == sort_results(RUN, results)
    assert list(dict.fromkeys(r.criterion for r in ordered)) == [
        "error_thresholds",
        "eos",
        "a_new_one",
    ]
    assert list(dict.fromkeys(r.dataset for r in ordered)) == ["water", "mgo"]
    assert list(dict.fromkeys(r.potential for r in ordered)) == ["z", "a", "m"]
    assert [r.quantity for r in ordered[:3]] == ["energy", "forces", "stress"]


def test_potentials_of_the_run_come_first() -> None:
    results = [make_result(potential=name) for name in ("m", "b", "a", "z", "a")]
    assert sort_potentials(RUN, results) == ["z", "a", "b", "m"]
    assert sort_potentials(RUN, results[:1]) == ["m"]
    assert sort_potentials(RunRecord(), results) == ["a", "b", "m", "z"]
