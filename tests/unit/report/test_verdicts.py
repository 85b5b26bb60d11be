from __future__ import annotations

from ms25_suite.core.records import PotentialRecord, RunRecord
from ms25_suite.core.results import Verdict
from ms25_suite.report.verdicts import tallies, verdict_matrices
from tests.helpers.reports import ERROR, make_result

RUN = RunRecord(potentials=(PotentialRecord(name="q"), PotentialRecord(name="silent")))


def test_each_potential_has_its_counts() -> None:
    measured = make_result(metric="rmse", verdict=None, threshold=None)
    first, second = tallies(RUN, [make_result(), measured, ERROR])
    assert (first.name, first.worst) == ("q", Verdict.ERROR)
    assert (second.name, second.worst) == ("mace-β", Verdict.PASS)
    assert second.counts == dict.fromkeys(Verdict, 0) | {Verdict.PASS: 1, None: 1}
    assert tallies(RUN, []) == []


def test_a_criterion_is_a_matrix_of_potentials() -> None:
    results = [
        make_result(),
        ERROR,
        make_result(quantity="energy", threshold=2.5, unit="meV/atom", stand_in=True),
        make_result(criterion="eos", quantity="volume", metric="error", threshold=None),
    ]
    errors, eos = verdict_matrices(RUN, results)
    assert (errors.criterion, errors.potentials) == ("error_thresholds", ("q", "mace-β"))
    forces, energy = errors.rows
    assert (forces.dataset, forces.quantity, forces.metric) == ("mgo", "forces", "mae")
    assert forces.results == (ERROR, results[0])
    assert forces.thresholds == (("≤ 35", "meV/Å"),)
    assert (energy.results[0], energy.stand_in) == (None, True)
    assert (eos.criterion, eos.rows[0].thresholds) == ("eos", ())


def test_a_pair_of_datasets_is_a_row_and_thresholds_may_differ() -> None:
    results = [
        make_result(test_dataset="cha"),
        make_result(test_dataset="cha", potential="p", threshold=50.0, at_least=True),
    ]
    ((row,),) = [matrix.rows for matrix in verdict_matrices(RunRecord(), results)]
    assert row.dataset == "mgo → cha"
    assert row.thresholds == (("≤ 35", "meV/Å"), ("≥ 50", "meV/Å"))
