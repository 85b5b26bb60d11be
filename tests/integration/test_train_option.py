"""`--mlip=train:mace`: the shared training fixture, through the plugin."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.io import write

pytestmark = [pytest.mark.mace, pytest.mark.slow]


@pytest.fixture
def judge(
    pytester: pytest.Pytester, cuni_images: list[Atoms]
) -> Callable[..., tuple[pytest.RunResult, dict[str, Any]]]:
    """Judge on 30 frames of Cu-Ni with a split of 8, 4 and 18."""
    write(pytester.path / "cuni.extxyz", cuni_images)
    (pytester.path / "cuni.toml").write_text(
        'level_of_theory = "EMT"\n[splits]\ntrain = 8\nvalidation = 4\nsets = 2\n'
    )

    def run(*arguments: str) -> tuple[pytest.RunResult, dict[str, Any]]:
        done = pytester.runpytest_subprocess("--dataset=cuni.toml", *arguments)
        text = (pytester.path / "reports" / "results.json").read_text(encoding="utf-8")
        return done, json.loads(text)

    return run


def test_a_potential_is_trained_once_and_judged_on_frames_that_it_has_not_seen(
    judge: Callable[..., Any], pytester: pytest.Pytester, cuni_images: list[Atoms]
) -> None:
    done, document = judge("--mlip=train:mace:n=8,set=2")
    done.stdout.fnmatch_lines(["*mace on 8 frames of cuni (smoke): training for 80 epochs*"])
    done.stdout.fnmatch_lines(["*epoch 80/80 *loss *forces * meV/Å *energy * meV/atom*"])
    (potential,) = document["run"]["potentials"]
    assert potential["trained_on"]["dataset"] == "cuni"
    assert potential["trained_on"]["set"] == 2
    assert potential["elements"] == ["Ni", "Cu"]
    assert len(potential["training_curve"]["epoch"]) == 80
    assert len(potential["sha256"]) == 64
    maes = {r["quantity"]: r for r in document["results"] if r["metric"] == "mae"}
    assert {r["n_frames"] for r in maes.values()} == {18}
    # Clearly better than no forces at all: their mean absolute value is about 600 meV/Å.
    assert maes["forces"]["value"] < 300

    # Two processes: nothing is trained again, and nothing is predicted again.
    again, repeated = judge("--mlip=train:mace:n=8,set=2", "-n2")
    assert "training for" not in again.stdout.str()
    values = [[r["value"] for r in d["results"]] for d in (document, repeated)]
    assert values[0] == values[1]

    # The model file is the same potential, and its manifest says which frames it has seen.
    import os

    (model,) = Path(os.environ["MS25_CACHE_DIR"]).glob("training/*/mace-cuni-n8-set2-*.model")
    _, document = judge(f"--mlip={model}")
    assert [r["value"] for r in document["results"]] == values[0]
    assert document["run"]["potentials"][0]["trained_on"]["set"] == 2
    assert {r["potential_sha256"] for r in document["results"]} == {potential["sha256"]}

    # The frames that it has seen are left out of another file too.
    write(pytester.path / "shuffled.extxyz", cuni_images[::-1])
    done = pytester.runpytest_subprocess(f"--mlip={model}", "--dataset=shuffled.extxyz")
    done.stdout.fnmatch_lines(["warning: *12 of 30 test frames are left out: *"])


@pytest.mark.parametrize(
    ("card", "option", "message"),
    [
        ("[splits]\ntrain = 8\nvalidation = 4\n", ":n=9", "between 1 and 8, got 9"),
        ("", "", "[splits]"),
    ],
    ids=["too few training frames", "no training frames"],
)
def test_a_training_that_cannot_be_done_is_a_usage_error(
    pytester: pytest.Pytester, cuni_images: list[Atoms], card: str, option: str, message: str
) -> None:
    write(pytester.path / "cuni.extxyz", cuni_images)
    (pytester.path / "cuni.toml").write_text(card)
    done = pytester.runpytest(f"--mlip=train:mace{option}", "--dataset=cuni.toml")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert message in done.stderr.str()


def test_a_dataset_without_training_frames_of_its_own_is_skipped_with_a_hint(
    pytester: pytest.Pytester,
) -> None:
    done = pytester.runpytest("--mlip=train:mace", "--dataset=lta")
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    document = json.loads((pytester.path / "reports" / "results.json").read_text())
    assert {r["verdict"] for r in document["results"]} == {"skip"}
    assert "train:mace:dataset=cha" in document["results"][0]["reason"]
