from __future__ import annotations

import pytest

from ms25_suite.campaign.paper.planned import read_plan
from ms25_suite.core.errors import ReportError


def test_nothing_is_needed_and_other_keys_are_ignored() -> None:
    assert read_plan(None).tasks == ()
    plan = read_plan(
        {"sizes": [50, 100], "engine": "slurm", "tasks": [{"dataset": "cha", "state": "failed"}]}
    )
    assert plan.sizes == (50, 100)
    assert plan.tasks[0].dataset == "cha"


def test_a_wrong_type_is_refused_with_its_place() -> None:
    with pytest.raises(ReportError, match=r"`sizes\[0\]`: expected a whole number"):
        read_plan({"sizes": ["fifty"]})
