from __future__ import annotations

from pathlib import Path
from typing import Any

from ms25_suite.core.thresholds import Thresholds
from ms25_suite.datasets import Dataset
from ms25_suite.plugin.settings import Settings, transfer_only
from ms25_suite.potentials.potential import PotentialOptions
from tests.helpers.copper_data import open_crystals


def settings(dataset: Dataset, **changes: Any) -> Settings:
    return Settings(
        potentials=(),
        datasets={dataset.name: dataset},
        thresholds=Thresholds.default(),
        options=PotentialOptions(),
        report_dir=Path(),
        strict=False,
        seed=0,
        **changes,
    )


def test_a_card_comes_before_the_class_of_its_dataset(tmp_path: Path) -> None:
    card = 'threshold_class = "complex"\n[thresholds.energy]\nvalue = 1.5\n'
    data = open_crystals(tmp_path, card=card, n=2)
    found = settings(data)
    energy = found.threshold("error_thresholds", data, "energy")
    forces = found.threshold("error_thresholds", data, "forces")
    assert energy is not None
    assert (energy.value, energy.source) == (1.5, "card of cuni: [thresholds.energy]")
    assert forces is not None
    assert forces.value == 50.0


def test_what_has_no_threshold(tmp_path: Path) -> None:
    data = open_crystals(tmp_path, n=2)
    assert settings(data).threshold("training_rate", data, "forces") is None
    assert settings(data).threshold("eos", data, "no_such_quantity") is None


def test_data_of_users_are_never_for_transfer_only(tmp_path: Path) -> None:
    assert not transfer_only(open_crystals(tmp_path, n=2))
