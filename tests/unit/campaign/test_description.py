"""What a campaign says to its report."""

from __future__ import annotations

from pathlib import Path

from ms25_suite.campaign.card import Campaign
from ms25_suite.campaign.description import described
from ms25_suite.campaign.opening import OpenedCampaign
from ms25_suite.campaign.paper.planned import Task, read_plan
from ms25_suite.campaign.row import Row
from ms25_suite.campaign.status import RowStatus


def row(number: int, kind: str = "train", n: int | None = 50, dataset: str = "cha") -> Row:
    return Row(
        number=number,
        kind=kind,
        key=f"key-{number}",
        title="a task",
        dataset=dataset,
        data="mini",
        potentials=("train:mace:n=50",),
        architecture="mace",
        n=n,
        set=2,
    )


def test_what_was_planned_and_what_failed_have_their_place_in_the_report(tmp_path: Path) -> None:
    opened = OpenedCampaign(
        "tour", "tour", Campaign(datasets=("cha",), architectures=("mace",), sizes=(50, 100)), "00"
    )
    statuses = [
        RowStatus(row(1, n=100), "done"),
        RowStatus(row(2), "failed", "the disk is full"),
        RowStatus(row(3, "judge", dataset=str(tmp_path / "mine.toml")), "blocked"),
    ]
    plan = read_plan(described(opened, statuses))
    assert (plan.name, plan.datasets, plan.architectures) == ("tour", ("cha", "mine"), ("mace",))
    assert (plan.sizes, plan.sets) == ((50, 100), (2,))
    assert plan.facts == {"tasks": "1 of 3 are done"}
    assert plan.tasks[1] == Task(
        dataset="cha",
        architecture="mace",
        n=50,
        set=2,
        what="training",
        state="failed",
        reason="the disk is full",
    )
    assert (plan.tasks[2].what, plan.tasks[2].state) == ("judging", "blocked")
