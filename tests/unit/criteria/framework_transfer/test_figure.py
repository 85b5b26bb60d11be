from __future__ import annotations

from ms25_suite.core.records import RunRecord
from ms25_suite.criteria.framework_transfer.figure import section
from ms25_suite.report.figures.canvas import drawing
from tests.helpers.reports import make_result


def test_the_section_has_a_heatmap_of_this_criterion_and_its_ratios() -> None:
    pair = {"criterion": "framework_transfer", "test_dataset": "other", "potential": "p"}
    ratio = make_result(**pair, metric="ratio", unit="1", value=2.0, interval=None)
    with drawing():
        found = section(RunRecord(), [make_result(**pair), ratio])
    assert found is not None
    heatmap, ratios = found.blocks
    assert heatmap.drawing is not None
    assert ratios.tables[0].rows[0][:4] == ("p", "mgo → other", "", "")
    assert section(RunRecord(), [make_result()]) is None
