from __future__ import annotations

from pathlib import Path

from ms25_suite.criteria.framework_transfer.measure import measure_framework_transfer
from ms25_suite.criteria.size_extensivity.measure import measure_size_extensivity
from tests.helpers.copper_data import Shifted
from tests.unit.criteria.test_transfer import make_transfer


def test_the_receptive_field_matters_for_cells_only(tmp_path: Path) -> None:
    transfer = make_transfer(tmp_path, Shifted)
    assert not measure_framework_transfer(transfer, "forces").of_cell_size
    assert measure_size_extensivity(transfer, "forces").of_cell_size
