"""Rows of the table "Single criteria" that are about fine-tuned potentials."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.calculators.emt import EMT

from ms25_suite.core.cache import file_sha256
from tests.helpers.emt_data import crystals
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Judge = Callable[..., Outcome]
Calc = Callable[..., str]
Dataset = Callable[..., str]

RETENTION = ("-m", "retention", "-k", "forces")

SPLITS = "[splits]\ntrain = 10\nvalidation = 4\ntest = 12\n"

FORGOT = "results['forces'] = results['forces'] * (0.7 if 29 in self.atoms.numbers else 1.0)"

PARENT = "results['forces'] = 1.05 * results['forces']"


@pytest.fixture
def nickel(dataset: Dataset) -> str:
    """What the potentials were tuned for."""
    return dataset([pure("Ni", seed) for seed in range(12)], name="nickel")


@pytest.fixture
def alloy(dataset: Dataset) -> str:
    """What they may have forgotten."""
    return dataset(crystals("fcc", (1, 1, 2), 26), SPLITS, name="alloy")


def pure(symbol: str, seed: int) -> Atoms:
    (atoms,) = crystals("fcc", (1, 1, 2), 1, seed=seed)
    atoms.symbols[:] = symbol
    atoms.calc = EMT()
    energy, forces, stress = atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()
    atoms.calc = None
    atoms.info |= {"REF_energy": energy, "REF_stress": stress}
    atoms.arrays["REF_forces"] = forces
    return atoms


@row("`retention`: a fine-tuned potential that has forgotten what its parent knew")
def test_a_child_that_forgot(judge: Judge, calc: Calc, nickel: str, alloy: str) -> None:
    child, parent = calc(FORGOT, "child"), calc(PARENT, "parent")
    words = (f"--mlip={child}", f"--dataset={nickel}", f"--ms25-parent={parent}")
    outcome = judge(*words, f"--ms25-retention-data={alloy}", *RETENTION)
    gain, loss = sorted(outcome.results, key=lambda result: result["test_dataset"] == "alloy")
    assert (gain["test_dataset"], gain["verdict"]) == ("nickel", None)
    assert gain["value"] < 0
    assert loss["verdict"] == "fail"
    assert loss["interval"][0] > loss["threshold"] > 0
    assert "of the parent" in loss["reason"]


@row("`retention`: a fine-tuned potential that has no answer where its parent has one")
def test_a_child_without_an_answer(judge: Judge, calc: Calc, nickel: str, alloy: str) -> None:
    child = calc("assert 29 not in self.atoms.numbers, 'no copper any more'", "child")
    words = (f"--mlip={child}", f"--dataset={nickel}", f"--ms25-parent={calc(PARENT, 'parent')}")
    outcome = judge(*words, f"--ms25-retention-data={alloy}", *RETENTION)
    assert "no answer where its parent has one" in outcome.reasons("fail")
    assert "no copper any more" in outcome.reasons("fail")


NO_PARENT = (
    "`retention`: a copy of the potential as its parent, or a sidecar that names a parent which is "
    "not there"
)


@row(NO_PARENT)
def test_a_copy_of_the_child(judge: Judge, calc: Calc, nickel: str, alloy: str) -> None:
    shutil.copy(calc("pass", "child"), "copy.py")
    words = ("--mlip=child.py", f"--dataset={nickel}", "--ms25-parent=copy.py")
    outcome = judge(*words, f"--ms25-retention-data={alloy}", *RETENTION)
    assert outcome.verdicts == {"skip"}
    assert "are the same file" in outcome.reasons("skip")


@row(NO_PARENT)
def test_a_parent_that_is_gone(
    judge: Judge, model: str, cuni: Path, lennard_jones: Callable[..., dict[str, str]]
) -> None:
    sidecar: dict[str, Any] = {
        "schema": 1,
        "model": {"sha256": file_sha256(Path(model))},
        "curve": {},
        "parent": {"name": "mp", "sha256": "ab" * 32, "path": "models/mp.model"},
    }
    Path(f"{model}.json").write_text(json.dumps(sidecar))
    # Nobody has asked for it: the sidecar does.
    outcome = judge(f"--mlip={model}", f"--dataset={cuni}", *RETENTION, **lennard_jones())
    assert outcome.verdicts == {"skip"}
    assert "names the parent mp (models/mp.model, sha256 abababab" in outcome.reasons("skip")
    assert "--ms25-parent=FILE" in outcome.reasons("skip")


@row("`retention`: data with elements that the parent does not know")
def test_elements_of_the_parent(
    judge: Judge,
    calc: Calc,
    model: str,
    dataset: Dataset,
    nickel: str,
    lennard_jones: Callable[..., dict[str, str]],
) -> None:
    other = dataset([pure("Al", seed) for seed in range(12)], name="aluminium")
    words = (f"--mlip={calc()}", f"--dataset={nickel}", f"--ms25-parent={model}")
    outcome = judge(*words, f"--ms25-retention-data={other}", *RETENTION, **lennard_jones())
    assert outcome.verdicts == {"skip"}
    assert "the parent, has no parameters for Al" in outcome.reasons("skip")


@row(
    "`--ms25-parent` or `--ms25-scratch` that is the potential of `--mlip` itself, a baseline, or "
    "no file"
)
@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--ms25-parent=ase.calculators.emt:EMT", "is --mlip=ase.calculators.emt:EMT itself"),
        ("--ms25-parent=baseline:mean", "expected a potential that was trained, not the baseline"),
        ("--ms25-parent=nowhere.model", "--ms25-parent=nowhere.model: there is no such file"),
        ("--ms25-scratch=reference", "expected a potential that was trained, not the reference"),
    ],
)
def test_who_cannot_be_a_relative(judge: Judge, cuni: Path, option: str, words: str) -> None:
    found = judge("--mlip=ase.calculators.emt:EMT", f"--dataset={cuni}", option)
    assert words in found.text


@row("`--ms25-retention-data` that is no dataset, or one of `--dataset`")
@pytest.mark.parametrize("name", ["nowhere", "nickel.extxyz"])
def test_data_that_cannot_be_judged(judge: Judge, nickel: str, name: str) -> None:
    found = judge(
        "--mlip=ase.calculators.emt:EMT", f"--dataset={nickel}", f"--ms25-retention-data={name}"
    )
    assert f"--ms25-retention-data={name}" in found.text
