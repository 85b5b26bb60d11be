from __future__ import annotations

import pytest

from ms25_suite.core.findings import Finding, frame_list


@pytest.mark.parametrize(
    "finding", [Finding("a", "is far off"), Finding("b", "is small", "note", (1, 5))]
)
def test_a_finding_survives_its_table(finding: Finding) -> None:
    table = finding.to_dict()
    assert list(table) == ["code", "message", "severity", "frames"]
    assert Finding.from_dict(table) == finding


def test_a_finding_warns_unless_it_says_otherwise() -> None:
    assert Finding.from_dict({"code": "a", "message": "b"}) == Finding("a", "b", "warning", ())


def test_lists_of_frames_are_short() -> None:
    assert frame_list([3]) == "frame 3"
    assert frame_list([3, 4]) == "frames 3, 4"
    assert frame_list(list(range(9))) == "frames 0, 1, 2, 3, 4, …"
