from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write

from ms25_suite.cli.main import main
from ms25_suite.core.errors import LabelError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.importers import import_data
from ms25_suite.datasets.readers.foreign import Asked
from ms25_suite.datasets.readers.hints import for_import


def test_other_text_stays_as_it_is() -> None:
    text = "x.xyz: `energy` is infinite in frame 3. Label it again"
    assert for_import(text) == text


def images(**names: str) -> list[Atoms]:
    result = []
    for index in range(3):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.1, seed=index)
        for quantity, name in names.items():
            if quantity == "energy":
                atoms.info[name] = -1.0 - index
            else:
                atoms.arrays[name] = np.full((4, 3), 0.1 * index)
        result.append(atoms)
    return result


def test_candidates_become_the_option_of_an_import(tmp_path: Path) -> None:
    path = tmp_path / "x.extxyz"
    write(path, images(energy="E_model", forces="F_model"))
    with pytest.raises(LabelError, match=r"--keys energy=E_model forces=F_model$") as error:
        import_data([path], tmp_path / "y.extxyz")
    assert "card" not in str(error.value)
    # A dataset has a card.
    with pytest.raises(LabelError, match=r'\[labels\] energy = "E_model", forces = "F_model"'):
        open_dataset(str(path))
    asked = Asked(LabelKeys(energy="E_model", forces="F_model"))
    assert len(open_dataset(str(import_data([path], tmp_path / "y.extxyz", asked=asked)))) == 3


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "x.extxyz"
    write(path, images(energy="REF_energy"))
    with pytest.raises(LabelError, match="--keys names `E` for `energy`, but no frame has it"):
        import_data([path], tmp_path / "y.extxyz", asked=Asked(LabelKeys(energy="E")))


def test_what_an_import_leaves_behind_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.extxyz"
    write(path, images(energy="REF_energy", forces="F_model"))
    assert main(["data", "import", str(path), "--out", str(tmp_path / "y.extxyz")]) == 0
    assert "--keys forces=F_model" in capsys.readouterr().err
