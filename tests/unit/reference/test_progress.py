"""The progress bar of builds."""

from __future__ import annotations

import pytest

from ms25_suite.reference.progress import progress_bar


def test_bar_counts_on_the_error_stream(capfd: pytest.CaptureFixture[str]) -> None:
    with progress_bar("Cu frames", total=5, done=1, shown=True) as advance:
        advance(2)
        advance(2)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "Cu frames" in captured.err
    assert "5/5" in captured.err


def test_hidden_bar_can_be_advanced(capfd: pytest.CaptureFixture[str]) -> None:
    with progress_bar("Cu frames", total=5, done=0, shown=False) as advance:
        advance(5)
    assert capfd.readouterr().err == ""
