"""Training by the nequip framework in its environment: stopped, continued, and not finite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms

from ms25_suite.environments.installation import Installation
from tests.helpers.tiny_nequip import prepare, run_script

pytestmark = [pytest.mark.nequip, pytest.mark.slow, pytest.mark.usefixtures("nequip_place")]


@pytest.fixture(scope="module")
def interrupted(
    tmp_path_factory: pytest.TempPathFactory,
    nequip_place: Installation,
    cuni_images: list[Atoms],
) -> dict[str, Path]:
    """Work folders of three trainings: whole, stopped and continued, with a loss that is NaN."""
    root = tmp_path_factory.mktemp("interrupted")
    works: dict[str, Path] = {}
    for name in ("whole", "broken", "nan"):
        works[name] = prepare(root / name, "nequip", cuni_images, epochs=5)
    config = json.loads((works["nan"] / "config.json").read_text())
    config["phases"][0]["training_module"]["optimizer"]["lr"] = 1e30
    (works["nan"] / "config.json").write_text(json.dumps(config))
    arguments = [str(works["whole"]), str(works["broken"]), "3", str(works["nan"])]
    run_script(nequip_place, "nequip_interrupted.py", *arguments)
    return works


def _lines(work: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (work / "results.jsonl").read_text().splitlines()]


def test_a_continued_training_ends_like_a_whole_one(interrupted: dict[str, Path]) -> None:
    whole, broken = _lines(interrupted["whole"]), _lines(interrupted["broken"])
    # The epoch in which it was stopped is run again, and its line is written again.
    assert [line["epoch"] for line in broken] == [1, 2, 3, 3, 4, 5]
    latest = {line["epoch"]: line for line in broken}
    assert [latest[line["epoch"]] for line in whole] == whole


def test_a_loss_that_is_not_finite_is_said(interrupted: dict[str, Path]) -> None:
    error = (interrupted["nan"] / "error.txt").read_text()
    assert "loss is nan in epoch 1" in error.lower()
    assert "no epoch was finished before" in error
