from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ms25_suite.criteria.theory import Learned
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.spec import parse_spec
from ms25_suite.training.manifest import Manifest, ModelRecord, TrainingDataRecord
from tests.unit.criteria.training_rate.test_series import model


@pytest.fixture(scope="module")
def lta() -> Dataset:
    return open_dataset("lta")


def potential(architecture: str = "mace", head: str = "", **data: Any) -> Any:
    manifest = None
    if data:
        record = TrainingDataRecord(**data)
        made = ModelRecord(sha256="ab" * 32)
        manifest = Manifest(schema=1, data=record, model=made, curve={})
    return SimpleNamespace(
        name="p",
        architecture=architecture,
        manifest=manifest,
        level_of_theory="",
        options=PotentialOptions(head=head),
    )


def test_nothing_is_known_of_a_potential_without_sidecar(lta: Dataset) -> None:
    words = Learned.by(potential(), lta).mismatch(lta)
    assert words.startswith("two levels of theory: the labels of lta are of Vashishta")
    assert words.endswith("nothing says that p learned them")
    assert Learned.by(potential("ase"), lta).mismatch(lta)


def test_a_foundation_model_learned_what_its_framework_says(lta: Dataset) -> None:
    made = potential("ase")
    made.level_of_theory = "PBE(+U), settings of the Materials Project"
    words = "p learned PBE(+U), settings of the Materials Project"
    assert Learned.by(made, lta).mismatch(lta).endswith(words)
    named = Learned.as_named(parse_spec("chgnet:0.3.0"), lta, open_dataset)
    assert named.level_of_theory == made.level_of_theory


def test_each_head_learned_labels_of_its_own(lta: Dataset) -> None:
    learned = {"sha256": lta.sha256, "level_of_theory": lta.card.level_of_theory}
    heads = {"pt_head": "PBE", "Default": lta.card.level_of_theory}
    for head, words in (
        ("Default", ""),
        ("", ""),
        ("pt_head", "learned PBE"),
        ("other", "nothing says that p learned them"),
    ):
        made = potential(head=head, **learned)
        made.manifest = replace(
            made.manifest, heads=heads, model=replace(made.manifest.model, head="Default")
        )
        assert Learned.by(made, lta).mismatch(lta).endswith(words)
        assert bool(Learned.by(made, lta).mismatch(lta)) == bool(words)


@pytest.mark.parametrize("architecture", ["reference", "baseline"])
def test_what_is_made_of_the_labels_learned_them(lta: Dataset, architecture: str) -> None:
    made = potential(architecture)
    assert Learned.by(made, lta).mismatch(lta) == ""
    # Not those of any other reference.
    assert "learned EAM" in Learned.by(made, open_dataset("hea")).mismatch(lta)


@pytest.mark.parametrize(
    ("data", "comparable"),
    [
        ({"level_of_theory": "same"}, True),
        ({"level_of_theory": "PBE-D3"}, False),
        ({"level_of_theory": "not stated"}, False),
        ({"name": "lta"}, False),
        ({"sha256": "same"}, True),
        ({"sha256": "same", "level_of_theory": "not stated"}, True),
        ({"sha256": "ab" * 32, "level_of_theory": "same"}, True),
    ],
)
def test_a_sidecar_counts_by_the_level_or_the_data(
    lta: Dataset, data: dict[str, str], comparable: bool
) -> None:
    same = {"level_of_theory": lta.card.level_of_theory, "sha256": lta.sha256}
    stated = {key: same[key] if value == "same" else value for key, value in data.items()}
    mismatch = Learned.by(potential(**stated), lta).mismatch(lta)
    assert (mismatch == "") is comparable, mismatch


def test_a_sidecar_without_a_checksum_counts_as_none(lta: Dataset) -> None:
    given = potential(level_of_theory=lta.card.level_of_theory, sha256=lta.sha256)
    assert Learned.by(given, lta).mismatch(lta) == ""
    given.manifest = replace(given.manifest, sealed=False)
    words = Learned.by(given, lta).mismatch(lta)
    assert words.endswith("(its sidecar has no checksum, so that it is not believed)")


def test_labels_that_are_no_stand_in_judge_anything(lta: Dataset) -> None:
    hea = open_dataset("hea")
    for given in (potential(), potential(level_of_theory="PBE")):
        assert Learned.by(given, hea).mismatch(hea) == ""


def test_a_level_that_nobody_states_is_not_the_same(lta: Dataset) -> None:
    unstated = replace(lta, card=replace(lta.card, level_of_theory="not stated"))
    assert Learned.by(potential(level_of_theory="not stated"), unstated).mismatch(unstated)


def _no_source(name: str) -> Dataset:
    raise AssertionError(name)


@pytest.mark.parametrize("text", ["reference", "baseline:mean", "train:mace"])
def test_the_command_line_says_it_before_anything_is_made(lta: Dataset, text: str) -> None:
    assert Learned.as_named(parse_spec(text), lta, _no_source).mismatch(lta) == ""


def test_a_training_on_other_data_learns_those(lta: Dataset) -> None:
    spec = parse_spec("train:mace:dataset=cha")
    assert Learned.as_named(spec, lta, open_dataset).mismatch(lta) == ""
    assert Learned.as_named(spec, open_dataset("zro"), open_dataset).mismatch(open_dataset("zro"))


def test_model_files_and_calculators_before_they_are_opened(tmp_path: Path, lta: Dataset) -> None:
    of_lta = model(tmp_path, "a", 10, sha256=lta.sha256)
    assert Learned.as_named(of_lta, lta, _no_source).mismatch(lta) == ""
    of_other = model(tmp_path, "b", 10)
    assert Learned.as_named(of_other, lta, _no_source).mismatch(lta)
    emt = parse_spec("ase.calculators.emt:EMT")
    assert Learned.as_named(emt, lta, _no_source).mismatch(lta)
