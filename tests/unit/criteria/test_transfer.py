from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ms25_suite.core.catalogue import built_in
from ms25_suite.criteria.held_out import HeldOutPredictions
from ms25_suite.criteria.transfer import Transfer, measure_transfer
from ms25_suite.potentials.base import ModelInfo
from tests.helpers.copper_data import Shifted, open_crystals
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder

TRANSFER = built_in()["framework_transfer"]


def make_transfer(folder: Path, calculator: type) -> Transfer:
    own = open_crystals(folder, "own", n=6)
    other = open_crystals(folder, "other", n=12, seed=1)
    potential, predictions = InProcess(calculator), HeldOutPredictions()
    return Transfer(
        potential, own, predictions(potential, own), other, predictions(potential, other)
    )


def test_errors_on_both_datasets_and_their_ratio_are_recorded(tmp_path: Path) -> None:
    transfer = make_transfer(tmp_path, Shifted)
    recorder = make_recorder(
        TRANSFER, tmp_path, dataset="own", test_dataset="other", quantity="energy"
    )
    measure_transfer(transfer, "energy").record(recorder)
    found = {(r.test_dataset, r.metric): r for r in recorder.results}
    assert set(found) == {("other", "mae"), ("own", "mae"), ("other", "ratio")}
    assert found["other", "mae"].value == pytest.approx(10.0, rel=1e-3)
    assert found["other", "ratio"].value == pytest.approx(1.0, rel=1e-3)
    codes = [entry["code"] for entry in found["other", "mae"].details["findings"]]
    # Nothing is known of the training of a calculator.
    assert "own-data" in codes
    assert "receptive-field" not in codes


def test_errors_that_grow_with_the_cell_bring_the_receptive_field(tmp_path: Path) -> None:
    class Growing(Shifted):
        factor = 1.0

        def calculate(self, *args: object, **kwargs: object) -> None:
            super().calculate(*args, **kwargs)
            self.results["energy"] += 1e-3 * len(self.atoms) ** 2

    own = open_crystals(tmp_path, "small", n=6)
    other = open_crystals(tmp_path, "large", n=6, repeat=2)
    potential, predictions = InProcess(Growing), HeldOutPredictions()
    transfer = Transfer(
        potential, own, predictions(potential, own), other, predictions(potential, other)
    )
    errors = measure_transfer(transfer, "energy", of_cell_size=True)
    assert errors.ratio is not None
    assert errors.ratio.value > 2.0
    recorder = make_recorder(built_in()["size_extensivity"], tmp_path, quantity="energy")
    errors.record(recorder)
    assert recorder.results[0].value == pytest.approx(10.0 + 32.0, rel=1e-3)


# Cells of four atoms, 3.6 Å wide: a reach of 6 Å (two layers of 3 Å) meets an atom's own images,
# 3 Å two images of one neighbour, and 1.5 Å neither.
@pytest.mark.parametrize(
    ("r_max", "layers", "says"),
    [
        (3.0, 2, "(2 layers of 3 Å), the cells of small are as narrow as 3.6"),
        (3.0, 2, "atoms interact with their own periodic images there; in large those"),
        (3.0, 1, "no atom interacts with its own periodic image there, but an atom can interact"),
        (1.5, None, "or with two images of one neighbour, so that is not the cause"),
    ],
)
def test_the_reach_of_a_potential_is_compared_with_the_cells(
    tmp_path: Path, r_max: float, layers: int | None, says: str
) -> None:
    class Reaching(InProcess):
        def info(self) -> ModelInfo:
            return replace(super().info(), r_max=r_max, n_layers=layers)

    class Growing(Shifted):
        def calculate(self, *args: object, **kwargs: object) -> None:
            super().calculate(*args, **kwargs)
            self.results["energy"] += 1e-3 * len(self.atoms) ** 2

    own = open_crystals(tmp_path, "small", n=6)
    other = open_crystals(tmp_path, "large", n=6, repeat=2)
    potential, predictions = Reaching(Growing), HeldOutPredictions()
    errors = measure_transfer(
        Transfer(potential, own, predictions(potential, own), other, predictions(potential, other)),
        "energy",
        of_cell_size=True,
    )
    recorder = make_recorder(built_in()["size_extensivity"], tmp_path, quantity="energy")
    errors.record(recorder)
    findings = recorder.results[0].details["findings"]
    (message,) = (f["message"] for f in findings if f["code"] == "receptive-field")
    assert says in message
