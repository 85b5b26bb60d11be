from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.route_agreement import CRITERION, ROUTES
from ms25_suite.criteria.route_agreement import selection as module
from ms25_suite.criteria.route_agreement.evaluation import EVALUATIONS
from ms25_suite.criteria.route_agreement.selection import not_asked, route_of
from ms25_suite.potentials.spec import PotentialSpec, parse_spec

EMT = parse_spec("ase.calculators.emt:EMT")


def model(architecture: str) -> PotentialSpec:
    return PotentialSpec("m", "model", "m", architecture, Path("m"))


def ask(route: str, subject: Any, same_as: Any = None) -> NotAsked | None:
    case = Case(
        SimpleNamespace(),  # type: ignore[arg-type]
        subject,
        {"quantity": f"{route}_forces"},
        same_as=same_as,
    )
    return not_asked(case)


def test_each_route_has_an_evaluation_and_three_quantities() -> None:
    assert set(EVALUATIONS) == set(ROUTES)
    assert {route_of(quantity) for quantity in CRITERION.measures} == set(ROUTES)
    assert len(CRITERION.measures) == 3 * len(ROUTES)


@pytest.mark.parametrize("subject", [EMT, model("mace")], ids=["calculator", "model"])
def test_a_run_asks_for_the_batch_and_for_what_ought_to_be_the_same(subject: Any) -> None:
    assert ask("batch", subject) is None
    assert ask("same_as", subject, EMT) is None
    assert ask("same_as", subject) == NotAsked("same as: no --same-as names another potential")
    # They cost a worker of their own, or LAMMPS.
    assert ask("workers", subject) == NotAsked()
    assert ask("lammps", subject) == NotAsked()


@pytest.mark.parametrize("route", ["precision", "compiled", "calculator", "torch_sim", "device"])
def test_a_calculator_has_no_other_precision_package_or_device(route: str) -> None:
    found = ask(route, EMT)
    # In the same words, so that a skipped check says it once.
    name = "ase.calculators.emt.EMT"
    assert found == NotAsked(f"{name} is a calculator: it has one precision, device and package")


def test_a_framework_is_compared_with_its_calculator_where_it_has_batches() -> None:
    batched, alone = parse_spec("chgnet"), parse_spec("uma")
    assert ask("calculator", batched) == NotAsked()
    found = ask("calculator", alone)
    assert found is not None
    assert "is a calculator" in found.reason
    # Its package chooses the precision.
    assert ask("precision", batched) == NotAsked(
        f"{batched.name} is a calculator: it has one precision, device and package"
    )


@pytest.mark.parametrize("route", ROUTES)
def test_the_baseline_has_no_routes(route: str) -> None:
    found = ask(route, parse_spec("baseline:mean"))
    assert found is not None
    assert "the baseline is not a potential" in found.reason


@pytest.mark.parametrize(
    ("route", "architecture", "reason"),
    [
        ("calculator", "mace", ""),
        ("calculator", "ani", ""),
        ("calculator", "mtp", ""),
        ("calculator", "nequip", ""),
        ("torch_sim", "mace", ""),
        ("torch_sim", "allegro", ""),
        ("torch_sim", "mtp", "the architecture mtp has no model for TorchSim"),
        ("compiled", "mace", ""),
        ("compiled", "allegro", ""),
        ("compiled", "ani", "the architecture ani has no faster form"),
        ("pair_style", "allegro", ""),
        ("pair_style", "ani", "LAMMPS has no pair style for ani"),
        ("device", "mtp", "mtp runs on the CPU only"),
        ("device", "mace", "there is no GPU here"),
    ],
)
def test_what_architectures_offer(
    monkeypatch: pytest.MonkeyPatch, route: str, architecture: str, reason: str
) -> None:
    monkeypatch.setattr(module, "may_have_gpu", lambda: False)
    expected = NotAsked(f"{route.replace('_', ' ')}: {reason}") if reason else NotAsked()
    assert ask(route, model(architecture)) == expected


def test_with_a_gpu_the_device_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "may_have_gpu", lambda: True)
    assert ask("device", model("mace")) == NotAsked()


def test_a_calculator_object_has_no_workers() -> None:
    subject = PotentialSpec("object:x", "object", "x", "ase")
    found = ask("workers", subject)
    assert found is not None
    assert "in the process that made it" in found.reason
