"""The tasks of a campaign."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.campaign.card import Campaign
from ms25_suite.campaign.row import Row
from ms25_suite.campaign.rows import campaign_rows, open_datasets
from ms25_suite.core.cache import release
from ms25_suite.core.errors import CampaignError
from tests.helpers.pretended_models import pretended_mace

LEAST: dict[str, Any] = {"datasets": ("cha",), "architectures": ("mtp",), "sizes": (25, 50, 100)}


def made(**values: Any) -> list[Row]:
    card = Campaign(**{**LEAST, **values})
    return campaign_rows(card, open_datasets(card))


def test_trainings_come_first_and_large_ones_before_small_ones() -> None:
    rows = made(criteria=("error_thresholds", "training_rate"))
    assert [(row.kind, row.n) for row in rows] == [
        *[("train", 100), ("train", 50), ("train", 25)],
        *[("judge", 100), ("judge", 50), ("judge", 25), ("series", None)],
    ]
    assert [row.number for row in rows] == list(range(1, 8))
    keys = {row.n: row.key for row in rows if row.kind == "train"}
    assert all(row.needs == (keys[row.n],) for row in rows if row.kind == "judge")
    assert set(rows[-1].needs) == set(keys.values())
    assert len(rows[-1].potentials) == 3


def test_a_rate_needs_three_sizes() -> None:
    assert not [row for row in made(sizes=(25, 50), criteria=("training_rate",)) if row.criteria]


def test_criteria_that_a_dataset_does_not_allow_are_left_out() -> None:
    rows = made(
        datasets=("cha", "reaction"),
        sizes=(25, 50),
        criteria=("error_thresholds", "eos", "neb_barrier"),
        criteria_at_largest=("framework_transfer",),
    )
    found = {(row.dataset, row.n): row.criteria for row in rows if row.kind == "judge"}
    assert found == {
        ("cha", 25): ("error_thresholds", "eos"),
        ("cha", 50): ("error_thresholds", "eos", "framework_transfer"),
        ("reaction", 25): ("error_thresholds", "neb_barrier"),
        ("reaction", 50): ("error_thresholds", "neb_barrier"),
    }


def test_a_key_is_made_of_what_a_result_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def keys(**values: Any) -> dict[str, str]:
        return {row.kind: row.key for row in made(sizes=(25,), **values)}

    first = keys()
    assert keys() == first
    assert keys(title="another", retries=7) == first
    # What is judged, and how, does not change a training.
    for values in ({"criteria": ("eos",)}, {"dtype": "float32"}, {"judge_options": ("--strict",)}):
        other = keys(**values)
        assert other["train"] == first["train"]
        assert other["judge"] != first["judge"]
    for values in ({"seeds": (1,)}, {"sets": (2,)}, {"device": "cpu"}, {"budgets": ("series",)}):
        other = keys(**values)
        assert other["train"] != first["train"]
        assert other["judge"] != first["judge"]
    # A commit changes the version, and not what was computed before.
    monkeypatch.setattr("ms25_suite.__version__", f"{release()}.dev7+g354fdb98")
    assert keys() == first
    monkeypatch.setattr("ms25_suite.__version__", "0.0.1")
    other = keys()
    assert other["train"] != first["train"]
    assert other["judge"] != first["judge"]


def test_another_potential_is_known_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "calc.py"
    path.write_text("calculator = 1")
    values = {"architectures": (), "sizes": (), "potentials": (str(path), "reference")}
    before = made(**values)
    assert [row.kind for row in before] == ["judge", "judge"]
    path.write_text("calculator = 2")
    after = made(**values)
    assert before[0].key != after[0].key
    assert before[1].key == after[1].key


def test_a_fine_tuning_is_known_by_its_foundation(tmp_path: Path) -> None:
    path = pretended_mace(tmp_path / "mp.model")
    text = f"train:mace:n=25,foundation={path}"
    values = {"architectures": (), "sizes": (), "potentials": (text,)}
    (before,) = made(**values)
    assert made(**values)[0].key == before.key
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("archive/data/0", b"other weights")
    assert made(**values)[0].key != before.key


def test_a_row_survives_json() -> None:
    for row in made(criteria=("error_thresholds", "training_rate")):
        assert Row.from_dict(json.loads(json.dumps(row.to_dict()))) == row


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sizes": (25, 500)}, r"cha has 200 training frames, asked for 500.*\[sizes_of\]"),
        ({"sets": (1, 9)}, "cha has 3 sets, asked for set 9"),
        ({"architectures": ("mcae",)}, "mcae.*Did you mean 'mace'"),
        ({"budgets": ("smok",)}, r"mtp: .*'smok'\. Did you mean 'smoke'"),
        ({"criteria": ("eoss",)}, r"no criterion 'eoss'\. Did you mean 'eos'"),
        ({"datasets": ("chaa",)}, r"`datasets`: .*chaa"),
        ({"datasets": ("fau",)}, "fau: "),
        ({"potentials": ("nothing.model",)}, "there is no such file"),
    ],
)
def test_what_does_not_exist(values: dict[str, Any], message: str) -> None:
    with pytest.raises(CampaignError, match=message):
        made(**values)


def test_all_sizes_that_do_not_fit_are_named_at_once() -> None:
    with pytest.raises(CampaignError, match=r"cha has 200 .*; water-192 has 25 .*50, 500"):
        made(datasets=("cha", "water-192"), sizes=(25, 50, 500))


def test_an_architecture_that_is_not_installed_has_tasks_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ms25_suite.architectures.mtp.trainer import MtpTrainer
    from ms25_suite.core.errors import ArchitectureNotInstalledError

    def missing(self: MtpTrainer) -> dict[str, str]:
        raise ArchitectureNotInstalledError

    monkeypatch.setattr(MtpTrainer, "versions", missing)
    assert Counter(row.kind for row in made(sizes=(25,))) == {"train": 1, "judge": 1}


def test_equal_tasks_are_one() -> None:
    one = made(sizes=(25,), potentials=("reference",))
    assert len({row.key for row in one}) == len(one)
    assert replace(one[0], number=9).key == one[0].key
