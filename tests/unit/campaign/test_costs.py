"""Estimates: from what was measured, and from nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.campaign import costs as module
from ms25_suite.campaign.costs import Costs, Left, Measured, measured_costs
from ms25_suite.campaign.row import Row
from ms25_suite.campaign.rows import campaign_rows, open_datasets
from ms25_suite.datasets.dataset import Dataset
from tests.helpers.campaigns import campaign


@pytest.fixture
def made(tmp_path: Path) -> tuple[Costs, list[Row]]:
    card = campaign(tmp_path, sizes=(25, 50, 100)).card
    datasets: dict[str, Dataset] = open_datasets(card)
    rows = campaign_rows(card, datasets)
    return Costs(card, datasets, rows, {}), rows


def test_the_file_of_the_suite_is_whole() -> None:
    for (architecture, dataset, budget), one in measured_costs().items():
        assert all((architecture, dataset, budget, one.machine, one.date)), architecture
        assert one.cpu_s_per_epoch > 0
        assert one.memory_mb > 0


def test_what_was_not_measured_has_no_number(
    made: tuple[Costs, list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "measured_costs", dict)
    costs, rows = made
    assert {costs.of(row).seconds for row in rows} == {None}
    assert {costs.of(row).source for row in rows} == {"not measured"}


def test_an_epoch_times_their_number(
    made: tuple[Costs, list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Measured(50, 2.0, 700, "a machine", "2026-11-27")
    monkeypatch.setattr(module, "measured_costs", lambda: {("mtp", "cha", "smoke"): one})
    costs, rows = made
    trained = {row.n: costs.of(row) for row in rows if row.kind == "train"}
    # smoke: 2000 passes over the frames, at most 60 epochs; an epoch of 25 frames takes a half.
    assert trained[100].seconds == pytest.approx(20 * 2.0 * 2)
    assert trained[50].seconds == pytest.approx(40 * 2.0)
    assert trained[25].seconds == pytest.approx(60 * 2.0 / 2)
    assert trained[25].memory_mb == 700
    assert "a machine" in trained[25].source
    assert costs.of(next(row for row in rows if row.kind == "judge")).seconds is None


def test_what_was_done_in_the_campaign_says_more(made: tuple[Costs, list[Row]]) -> None:
    costs, rows = made
    by = {(row.kind, row.n): row for row in rows}
    costs.add(by["train", 50], 30.0)
    costs.add(by["judge", 50], 8.0)
    assert costs.in_campaign(by["train", 50]) == 30.0
    # Of another size: by the number of frames.
    assert costs.in_campaign(by["train", 100]) == 60.0
    assert costs.in_campaign(by["judge", 25]) == 8.0
    assert costs.of(by["train", 100]).source == "tasks like it in this campaign"


def test_what_is_left(made: tuple[Costs, list[Row]]) -> None:
    costs, rows = made
    assert costs.left(rows) == Left()
    assert costs.left(rows).shared_by(2.0) == Left()
    trainings = [row for row in rows if row.kind == "train"]
    costs.add(next(row for row in trainings if row.n == 50), 100.0)
    # 25 + 50 + 100 frames, and nothing is known of the others: each counts as what was seen.
    others = len(rows) - len(trainings)
    assert costs.left(rows) == Left(350.0 + others * 100.0, others)
    costs.add(next(row for row in rows if row.kind == "judge"), 8.0)
    alike = [row for row in rows if row.kind == "judge"]
    assert costs.left(alike) == Left(8.0 * len(alike), 0)
    assert costs.left(alike).shared_by(2.0).seconds == 4.0 * len(alike)
