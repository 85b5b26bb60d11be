from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from ms25_suite.core.text.folders import folders_that_differ


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["/x/runA/m.pt", "/x/runB/m.pt"], ["runA", "runB"]),
        (["/x/runA/best/m.pt", "/x/runB/best/m.pt"], ["runA/best", "runB/best"]),
        (["/m.pt", "/a/m.pt"], ["/", "a"]),
        (["a/m.pt", "a/m.pt"], []),
        (["m.pt", "a/m.pt"], []),
        ([], []),
    ],
)
def test_the_shortest_ends_that_differ(paths: list[str], expected: list[str]) -> None:
    assert folders_that_differ([PurePosixPath(path) for path in paths]) == expected
