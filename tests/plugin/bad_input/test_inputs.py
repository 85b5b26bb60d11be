"""Rows of the table "Datasets" about charge, spin and other inputs of frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Judge = Callable[..., Outcome]
Calc = Callable[..., str]
Dataset = Callable[..., str]


def charged(images: list[Atoms], **more: Any) -> list[Atoms]:
    for index, atoms in enumerate(images):
        atoms.info.update(charge=index % 3 - 1, **more)
    return images


@row(
    "frames with a charge, spin or other [input](datasets.md#charge-spin-and-other-inputs) that "
    "the potential does not read"
)
def test_a_charge_that_is_not_read(
    judge: Judge, emt: str, images: list[Atoms], dataset: Dataset
) -> None:
    outcome = judge(f"--mlip={emt}", f"--dataset={dataset(charged(images))}")
    assert "`total_charge` (-1 to 1 e), which the potential does not read" in outcome.warnings


@row("potential that reads a charge or spin that the frames do not state")
def test_a_charge_that_is_not_stated(judge: Judge, calc: Calc, cuni: Path) -> None:
    potential = calc("results['energy'] += self.atoms.info.get('charge', 0)")
    outcome = judge(f"--mlip={potential}", f"--dataset={cuni}")
    assert "reads `total_charge`, which" in outcome.warnings
    assert "do not state: 0 was taken" in outcome.warnings


@row(
    "two keys of one input that contradict each other (`charge` and `total_charge`), text in place "
    "of a number, an input of other shapes in other frames"
)
@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"total_charge": 5}, "frame 0 has `charge` = -1 and `total_charge` = 5"),
        ({"spin": "singlet"}, "`spin_multiplicity` of frame 0 is singlet"),
        ({"external_field": "ragged"}, "`external_field` of frame 1"),
    ],
    ids=["contradiction", "text", "shapes"],
)
def test_unusable_inputs(
    refused: Callable[[object], str],
    images: list[Atoms],
    dataset: Dataset,
    entries: dict[str, Any],
    words: str,
) -> None:
    frames = charged(images, **entries)
    for index, atoms in enumerate(frames):
        if "external_field" in entries:
            atoms.info["external_field"] = np.zeros(3 if index == 0 else 2)
    assert words in refused(dataset(frames))


@row("card that names an input that no frame has, or in another unit than potentials take")
@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[inputs]\ntotal_charge = "q"', "`total_charge` = 'q', which no frame has"),
        ('[inputs.total_charge]\nkey = "charge"\nunit = "C"', "must be in e, found 'C'"),
    ],
    ids=["absent", "unit"],
)
def test_a_card_with_unusable_inputs(
    refused: Callable[[object], str], images: list[Atoms], dataset: Dataset, table: str, words: str
) -> None:
    frames = Path(dataset(charged(images)))
    frames.with_suffix(".toml").write_text(table)
    assert words in refused(frames)
