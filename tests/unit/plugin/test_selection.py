from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ase.build import molecule

from ms25_suite.core.catalogue import NotAsked, built_in
from ms25_suite.core.frames import Frames
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.training_rate.series import find_series
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.datasets.cards.partners import ExtensivityTable
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.plugin.selection import is_named, not_asked
from ms25_suite.potentials.spec import PotentialSpec, parse_spec, parse_specs
from tests.unit.criteria.training_rate.test_series import model


@pytest.fixture(scope="module")
def datasets() -> dict[str, Dataset]:
    return {name: open_dataset(name) for name in ("hea", "mgo-2x2")}


def left_out(
    datasets: dict[str, Dataset], criterion: str, train_sizes: tuple[int, ...] = (), **given: Any
) -> NotAsked | None:
    subject = given.get("potential", given.get("training_series"))
    case = Case(datasets[given["dataset"]], subject, given, train_sizes)
    return not_asked(built_in()[criterion], case)


EMT = parse_spec("ase.calculators.emt:EMT")


@pytest.mark.parametrize(
    ("markexpr", "keyword", "arguments", "named"),
    [
        ("training_rate", "", [], True),
        ("eos or training_rate", "", [], True),
        ("", "hea and training_rate", [], True),
        ("", "", ["checks/test_training_rate.py::test_training_rate[energy]"], True),
        ("error_thresholds", "", ["checks"], False),
        ("training_rates", "", [], False),
        ("not training_rate", "", [], False),
        ("eos and not training_rate", "", [], False),
        ("not eos and training_rate", "", [], True),
        ("eos and not (training_rate or stability)", "", [], False),
        ("not (eos) and training_rate", "", [], True),
        ("", "", ["checks/test_training_rates.py"], False),
    ],
)
def test_a_criterion_is_named_by_marker_keyword_or_file(
    markexpr: str, keyword: str, arguments: list[str], named: bool
) -> None:
    options = {"markexpr": markexpr, "keyword": keyword}
    config: Any = SimpleNamespace(
        args=arguments,
        args_source=pytest.Config.ArgsSource.ARGS,
        getoption=lambda name, _: options[name],
    )
    assert is_named(config, built_in()["training_rate"]) is named


def test_arguments_of_the_plugin_itself_name_no_criterion() -> None:
    config: Any = SimpleNamespace(
        args=["checks/test_training_rate.py"],
        args_source=pytest.Config.ArgsSource.TESTPATHS,
        getoption=lambda *_: "",
    )
    assert not is_named(config, built_in()["training_rate"])


def test_error_thresholds_are_always_asked(datasets: dict[str, Dataset]) -> None:
    given = {"dataset": "hea", "potential": EMT, "quantity": "energy"}
    assert left_out(datasets, "error_thresholds", **given) is None


def test_without_a_partner_nothing_can_be_compared(datasets: dict[str, Dataset]) -> None:
    given = {"dataset": "hea", "partner": "", "potential": EMT}
    assert (
        "hea names no partner in its card: [extensivity]"
        in left_out(datasets, "size_extensivity", **given).reason
    )
    assert "[transfer] to" in left_out(datasets, "framework_transfer", **given).reason
    given |= {"dataset": "mgo-2x2", "partner": "mgo-4x4"}
    assert left_out(datasets, "size_extensivity", **given) is None


def test_a_potential_starts_from_its_own_data(datasets: dict[str, Dataset], tmp_path: Any) -> None:
    def of(spec: PotentialSpec) -> NotAsked | None:
        given = {"dataset": "mgo-2x2", "partner": "mgo-4x4", "potential": spec}
        return left_out(datasets, "size_extensivity", **given)

    assert of(parse_spec("train:mace")) is None
    assert of(parse_spec("train:mace:dataset=mgo-2x2")) is None
    assert "was trained on hea" in of(parse_spec("train:mace:dataset=hea")).reason
    assert of(model(tmp_path, "own", 10, data="mgo-2x2")) is None
    assert of(model(tmp_path, "renamed", 10, sha256=datasets["mgo-2x2"].sha256)) is None
    assert "--dataset=mgo-4x4" in of(model(tmp_path, "other", 10, data="mgo-4x4")).reason
    path = tmp_path / "foreign.model"
    path.write_bytes(b"no sidecar")
    assert of(PotentialSpec("foreign.model", "model", "foreign", "mace", path)) is None


def test_cells_are_doubled_where_a_card_speaks_of_their_size(datasets: dict[str, Dataset]) -> None:
    given = {"potential": EMT, "quantity": "supercell_energy"}
    assert left_out(datasets, "size_extensivity", dataset="mgo-2x2", **given) is None
    assert left_out(datasets, "size_extensivity", dataset="hea", **given) == NotAsked()


def test_what_is_not_periodic_or_not_extensive_is_not_doubled() -> None:
    extensivity = ExtensivityTable(partner="large", reference_not_extensive="one k-point")
    card = DatasetCard(name="data", extensivity=extensivity)
    data: Any = SimpleNamespace(name="data", card=card)
    data.frames = Frames.from_atoms([molecule("H2O")])
    given = {"dataset": "data", "quantity": "supercell_forces"}
    found = left_out({"data": data}, "size_extensivity", potential=EMT, **given)
    assert "no frame of data is periodic" in found.reason
    water = molecule("H2O")
    water.cell, water.pbc = [9, 9, 9], True
    data.frames = Frames.from_atoms([water])
    assert left_out({"data": data}, "size_extensivity", potential=EMT, **given) is None
    reference = parse_spec("reference")
    found = left_out({"data": data}, "size_extensivity", potential=reference, **given)
    assert found.reason == "the reference of data is not extensive: one k-point"


def test_no_potential_is_trained_without_being_asked_for(datasets: dict[str, Dataset]) -> None:
    (series,) = find_series(parse_specs(["train:mace"]))
    given = {"dataset": "hea", "training_series": series}
    assert left_out(datasets, "training_rate", **given) == NotAsked()
    assert left_out(datasets, "training_rate", (50, 100, 200), **given) is None
    assert (
        "allow 100 and 200" in left_out(datasets, "training_rate", (100, 200, 400), **given).reason
    )
    (series,) = find_series(parse_specs([f"train:mace:n={n}" for n in (10, 20, 40)]))
    assert left_out(datasets, "training_rate", dataset="hea", training_series=series) is None


def test_a_problem_of_model_files_concerns_only_who_asks(
    datasets: dict[str, Dataset], tmp_path: Any
) -> None:
    files = [model(tmp_path, f"m{n}", n, [n]) for n in (10, 20, 40)]
    (series,) = find_series(files)
    assert series.problem
    assert left_out(datasets, "training_rate", dataset="hea", training_series=series) == NotAsked()


@pytest.mark.parametrize(
    ("criterion", "named"), [("eos", "has no curves"), ("neb_barrier", "has no path")]
)
def test_observables_are_asked_of_datasets_that_have_them(
    datasets: dict[str, Dataset], criterion: str, named: str
) -> None:
    reason = left_out(datasets, criterion, dataset="mgo-2x2", potential=EMT)
    assert reason is not None
    assert f"mgo-2x2 {named}" in reason.reason
    assert f"its card has no [{criterion.partition('_')[0]}]" in reason.reason
    assert left_out(datasets, "eos", dataset="hea", potential=EMT) is None


def test_dynamics_are_asked_by_name_only(datasets: dict[str, Dataset]) -> None:
    assert left_out(datasets, "stability", dataset="hea", potential=EMT) == NotAsked()
    assert left_out(datasets, "throughput", dataset="hea", potential=EMT) == NotAsked()


def test_a_baseline_is_not_timed(datasets: dict[str, Dataset]) -> None:
    found = left_out(datasets, "throughput", dataset="hea", potential=parse_spec("baseline:mean"))
    assert found is not None
    assert found.reason == "the baseline is not a potential, so there is no speed to measure"
