"""What is shown while a campaign runs."""

from __future__ import annotations

import io

import pytest

from ms25_suite.campaign.costs import Left
from ms25_suite.campaign.progress import CampaignProgress


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (Left(), "left …"),
        (Left(5400.0), "left about 1.5 h"),
        (Left(5400.0, 12), "left about 1.5 h (12 of them like none so far)"),
    ],
)
def test_time_left(left: Left, words: str) -> None:
    stream = io.StringIO()
    progress = CampaignProgress(stream)
    progress.start(20, 4)
    progress.update(5, 1, 14, left)
    progress.finish()
    assert stream.getvalue().splitlines() == [
        "20 tasks, of which 4 are done already",
        f"5/20 done, 14 to do, 1 failed, {words}",
    ]


def test_not_too_many_lines_and_the_last_one_always() -> None:
    stream = io.StringIO()
    progress = CampaignProgress(stream)
    progress.start(20, 0)
    for done in range(1, 21):
        progress.update(done, 0, 20 - done, Left())
    assert [line.split()[0] for line in stream.getvalue().splitlines()] == ["20", "1/20", "20/20"]


def test_a_line_that_says_nothing_new_comes_in_five_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("ms25_suite.campaign.progress.time.monotonic", lambda: clock[0])
    stream = io.StringIO()
    progress = CampaignProgress(stream)
    progress.start(20, 0)
    for _ in range(60):  # ten minutes
        clock[0] += 10
        progress.update(3, 0, 17, Left())
    assert stream.getvalue().count("3/20 done") == 2
    clock[0] += 10
    progress.update(4, 0, 16, Left())
    assert stream.getvalue().splitlines()[-1].startswith("4/20 done")
