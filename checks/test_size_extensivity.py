"""Does a potential hold in a cell of another size than the one that it was made for?"""

from __future__ import annotations

import pytest

from ms25_suite.core.fields import QUANTITIES
from ms25_suite.criteria.comparison import why_not
from ms25_suite.criteria.size_extensivity.supercells import QUANTITIES as SUPERCELL_QUANTITIES

CRITERION = "size_extensivity"


@pytest.mark.size_extensivity
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_size_extensivity(transfer, dataset, quantity, check_recorder, run_settings):
    """The mean absolute error in cells of another size does not exceed the threshold."""
    result = transfer.record(
        check_recorder,
        run_settings.threshold(CRITERION, dataset, quantity),
        quantity,
        seed=run_settings.seed,
        of_cell_size=True,
    )
    if result is None:
        pytest.skip(why_not(quantity, transfer.other_frames))
    assert not check_recorder.failed(strict=run_settings.strict), result.explain()


@pytest.mark.size_extensivity
@pytest.mark.parametrize("quantity", SUPERCELL_QUANTITIES)
def test_supercell(supercells, dataset, quantity, check_recorder, run_settings):
    """A cell and its copy side by side hold twice the energy, and the forces are those of both."""
    threshold = run_settings.threshold(CRITERION, dataset, quantity) or supercells.marks[quantity]
    result = check_recorder.judge(threshold, **supercells.fields(quantity, threshold))
    assert not check_recorder.failed(strict=run_settings.strict), result.explain()
