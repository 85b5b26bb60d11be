"""Opening a campaign."""

from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.campaign.opening import builtin_campaigns, open_campaign
from ms25_suite.core.errors import CampaignError

NAMES = {
    *(f"figure-{number}" for number in range(2, 8)),
    *("table-8", "paper", "paper-smoke", "tour"),
}


def test_the_campaigns_of_the_suite() -> None:
    found = builtin_campaigns()
    assert set(found) == NAMES
    assert all(found.values())
    for name in found:
        assert open_campaign(name).card.datasets


def test_the_paper_is_all_of_it() -> None:
    card = open_campaign("paper").card
    combinations = (card.datasets, card.architectures, card.sizes, card.sets)
    assert [len(one) for one in combinations] == [8, 5, 7, 3]
    assert card.budgets == ("paper",)


def test_a_campaign_of_ones_own_extends_another(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'extends = "paper-smoke"\ndatasets = ["water-192", "cha"]\n'
        '[resources.judge]\ncores = 2\n[engine.slurm]\ncores = 8\nwalltime = "4:00:00"\n'
    )
    opened = open_campaign(str(path))
    base = open_campaign("paper-smoke").card
    assert opened.name == "mine"
    assert opened.spec == str(path)
    assert opened.card.architectures == base.architectures
    assert opened.card.sizes_for("water-192") == (25,)
    assert opened.card.resources_of("judge").cores == 2
    assert opened.card.resources_of("train") == base.resources_of("train")
    assert opened.card.engine.kind == "slurm"


def test_exceptions_for_datasets_that_are_left_out_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "paper-smoke"\ndatasets = ["cha"]\n')
    assert open_campaign(str(path)).card.sizes_of == {}


def test_paths_start_from_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "calc.py").write_text("")
    path = tmp_path / "mine.toml"
    path.write_text('datasets = ["cha"]\npotentials = ["calc.py", "reference"]\n')
    assert open_campaign(str(path)).card.potentials == (str(tmp_path / "calc.py"), "reference")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("tuor", None, r"no campaign 'tuor'\. Did you mean 'tour'"),
        ("a.toml", "datasets = [", "cannot read the campaign .*a.toml"),
        ("a.toml", 'extends = "papre"', r"no campaign 'papre'\. Did you mean 'paper'"),
        ("a.toml", "extends = 3", "expected a text, found 3"),
        ("a.toml", 'extends = "a.toml"', "no circle of campaigns"),
    ],
)
def test_what_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str | None, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path(name).write_text(text)
    with pytest.raises(CampaignError, match=message):
        open_campaign(name)


def test_the_content_is_that_of_all_files(tmp_path: Path) -> None:
    base, path = tmp_path / "base.toml", tmp_path / "mine.toml"
    base.write_text('datasets = ["cha"]\npotentials = ["reference"]\n')
    path.write_text('extends = "base.toml"\n')
    before = open_campaign(str(path)).content
    assert before == open_campaign(str(path)).content
    base.write_text('datasets = ["hea"]\npotentials = ["reference"]\n')
    assert open_campaign(str(path)).content != before
