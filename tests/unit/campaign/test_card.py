"""The file of a campaign."""

from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.campaign.card import Campaign, Resources
from ms25_suite.core.contracts import read_as
from ms25_suite.core.errors import CampaignError

LEAST = {"datasets": ["cha"], "architectures": ["mtp"], "sizes": [25]}


def read(**values: Any) -> Campaign:
    return read_as(Campaign, {**LEAST, **values}, "c.toml", CampaignError)


def test_defaults() -> None:
    card = read()
    assert card.engine.kind == "local"
    assert card.sets == (1,)
    assert card.seeds == (0,)
    assert card.resources_of("train") == Resources()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"archtectures": ["mace"]}, r"`archtectures`\. Did you mean 'architectures'"),
        ({"engine": {"slrum": {}}}, r"`engine\.slrum`\. Did you mean 'slurm'"),
        (
            {"engine": {"slurm": {"cores": 4, "walltime": "1:00:00", "particion": "gpu"}}},
            r"`engine\.slurm\.particion`\. Did you mean 'partition'",
        ),
        ({"engine": {"slurm": {"cores": 4}}}, r"`engine\.slurm\.walltime` is missing"),
        ({"engine": {"slurm": {"cores": 4, "walltime": "4h"}}}, r"H:MM:SS .*found '4h'"),
        ({"engine": {"local": {}, "parsl": "a.py:b"}}, "expected one of local, slurm and parsl"),
        ({"resources": {"trian": {}}}, r"resources.*trian"),
        ({"resources": {"train": {"cores": 0}}}, "a number of at least 1, found 0"),
        ({"resources": {"train": {"walltime_by_size": {"ten": "1:00:00"}}}}, "numbers of training"),
        ({"sizes": []}, "`sizes`: expected numbers of training frames"),
        ({"sizes": [0]}, r"`sizes\[0\]`: expected a number of at least 1"),
        ({"sizes": [25, 25]}, "`sizes`: given twice: 25"),
        ({"sizes": ["25"]}, "a whole number, found '25'"),
        ({"seeds": [-1]}, "at least 0"),
        ({"sizes_of": {"chaa": [1]}}, "`sizes_of`: chaa: not one of `datasets`"),
        ({"architectures": []}, "expected `architectures` to train, or `potentials`"),
        ({"datasets": []}, "a list of at least 1"),
    ],
)
def test_what_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(CampaignError, match=message):
        read(**values)


def test_the_wall_time_grows_with_the_frames_as_in_the_paper() -> None:
    paper = Resources(walltime_by_size={"50": "1:12:00", "1000": "24:00:00"})
    assert paper.limit_s(50) == 4320
    assert paper.limit_s(1000) == 86400
    # 86.4 s for each frame, in between and beyond.
    assert paper.limit_s(400) == pytest.approx(400 * 86.4)
    assert paper.limit_s(25) == pytest.approx(25 * 86.4)
    assert paper.limit_s(2000) == pytest.approx(2000 * 86.4)
    assert paper.limit_s(None) is None
    assert Resources(walltime="0:01:00").limit_s(100) == 60
    assert Resources().limit_s(100) is None


def test_sizes_of_a_dataset() -> None:
    card = read(datasets=["cha", "water-192"], sizes=[100, 25], sizes_of={"water-192": [25]})
    assert card.sizes_for("cha") == (25, 100)
    assert card.sizes_for("water-192") == (25,)
