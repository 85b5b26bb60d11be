"""What runs of the checks print."""

from __future__ import annotations


def left_out(text: str) -> set[str]:
    """Criteria that a run says it has left out."""
    lines = [line for line in text.splitlines() if line.startswith("left out: ")]
    assert len(lines) == 1, text
    names, _, hint = lines[0].removeprefix("left out: ").partition(" (")
    assert hint.startswith("-m NAME includes it")
    return set(names.split(", "))
