"""Where the numbers of a report come from."""

from __future__ import annotations

from ms25_suite.campaign.paper.figures.style import dataset_title
from ms25_suite.campaign.paper.outcomes import Outcomes
from ms25_suite.report.wording import tiers_text

__all__ = ["facts_of", "meta_of", "stand_ins_of"]


def meta_of(outcomes: Outcomes) -> str:
    """Which runs a report is of, in a line."""
    run = outcomes.run
    versions = dict.fromkeys(one.suite_version for one in run.parts if one.suite_version)
    parts = [
        f"ms25-suite {', '.join(versions)}" if versions else "ms25-suite",
        f"{len(run.parts)} runs" if len(run.parts) > 1 else "1 run",
        f"{len(run.potentials)} potentials",
        tiers_text(one.tier for one in run.datasets),
    ]
    return " · ".join(filter(None, parts))


def stand_ins_of(outcomes: Outcomes) -> list[tuple[str, str, str]]:
    """Datasets with stand-in labels: name, their level of theory, and that of the paper."""
    listed = {one.name: one for one in outcomes.run.datasets}
    return [
        (
            dataset_title(name),
            listed[name].level_of_theory if name in listed else "not stated",
            (listed[name].paper_level_of_theory or "") if name in listed else "",
        )
        for name in sorted(outcomes.stand_ins)
    ]


def facts_of(outcomes: Outcomes) -> list[tuple[str, str]]:
    """Where the numbers come from."""
    run, plan = outcomes.run, outcomes.plan
    machines = dict.fromkeys(
        f"{one.machine.cpu}, {one.machine.n_cpu} cores" for one in run.parts if one.machine
    )
    started = sorted(one.started for one in run.parts if one.started)
    budgets = dict.fromkeys(
        one.trained_on.budget for one in run.potentials if one.trained_on and one.trained_on.budget
    )
    facts = [
        ("campaign", plan.name),
        *((label, text) for label, text in plan.facts.items()),
        ("runs", f"{len(run.parts)}, {started[0]} to {started[-1]}" if started else ""),
        ("machines", "; ".join(machines)),
        ("budgets", ", ".join(budgets)),
    ]
    return [(label, text) for label, text in facts if text]
