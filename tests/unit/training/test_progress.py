from __future__ import annotations

import io
import re

import pytest

from ms25_suite.training import RichProgress, SilentProgress, TrainingProgress, progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def epochs_told(text: str) -> list[int]:
    return [int(line.split("epoch ")[1].split("/")[0]) for line in text.splitlines()[1:]]


def run(told: TrainingProgress, clock: Clock, total: int, seconds: float) -> None:
    told.start(total, "mace on 50 frames of hea (smoke)")
    for epoch in range(1, total + 1):
        clock.now += seconds
        told.update(epoch, 0.0123, 87.4, 3.21, (total - epoch) * seconds)
    told.finish()


@pytest.mark.parametrize(
    ("total", "seconds", "expected"),
    [
        # Fast: one line in ten seconds.
        (100, 1.0, [1, 11, 21, 31, 41, 51, 61, 71, 81, 91, 100]),
        # Many epochs: one line in a tenth of them, or in a minute.
        (1000, 2.0, [*range(1, 1000, 30), 1000]),
        # Slow: each epoch.
        (4, 100.0, [1, 2, 3, 4]),
    ],
)
def test_plain_lines_are_rare(
    clock: Clock, total: int, seconds: float, expected: list[int]
) -> None:
    stream = io.StringIO()
    run(RichProgress(stream), clock, total, seconds)
    assert epochs_told(stream.getvalue()) == expected


def test_plain_lines_say_all(clock: Clock) -> None:
    stream = io.StringIO()
    told = RichProgress(stream)
    told.note("[bold]waiting[/bold]")
    run(told, clock, 2, 3700.0)
    note, start, first, last = stream.getvalue().splitlines()
    assert note == "[bold]waiting[/bold]"
    assert start == "mace on 50 frames of hea (smoke): training for 2 epochs"
    assert first.endswith(
        "epoch 1/2  loss 0.0123  forces 87 meV/Å  energy 3.21 meV/atom  1:01:40, left 1:01:40"
    )
    assert last.endswith("2:03:20, left 0:00")
    assert "\x1b" not in stream.getvalue()


def test_errors_that_are_unknown_are_left_out(clock: Clock) -> None:
    stream = io.StringIO()
    told = RichProgress(stream)
    told.start(2, "theirs")
    told.update(1, 0.5, None, None, None)
    told.update(2, 0.5, None, 3.0, 0.0)
    _, first, last = stream.getvalue().splitlines()
    assert first == "theirs: epoch 1/2  loss 0.5  0:00, left …"
    assert last == "theirs: epoch 2/2  loss 0.5  energy 3.00 meV/atom  0:00, left 0:00"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_narrow_terminal_shows_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    stream = Terminal()
    told = RichProgress(stream)
    told.start(3000, "nequip on 1000 frames of a-dataset-with-a-long-name")
    told.update(1200, 0.5, 321.0, 12.5, 3723.0)
    told.finish()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    assert "nequip on 1000 frames" in text
    assert "epoch 1200/3000  forces 321 meV/Å 0:00:00 left 1:02:03" in text


def test_live_line_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    told = RichProgress(stream)
    told.start(30, "mace on [hea]")
    told.update(1, 0.5, 321.0, 12.5, None)
    told.update(30, 0.1, 45.0, 1.25, 0.0)
    told.finish()
    text = stream.getvalue()
    assert "mace on [hea]" in text
    assert "epoch 30/30" in text
    assert "forces 45 meV/Å" in text
    assert "energy 1.25 meV/atom" in text


def test_silence() -> None:
    told = SilentProgress()
    told.note("x")
    told.start(1, "x")
    told.update(1, 0.0, 0.0, 0.0, None)
    told.finish()
