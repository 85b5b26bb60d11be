from __future__ import annotations

from ms25_suite.core.findings import Finding


def test_a_finding_survives_the_store() -> None:
    finding = Finding("code", "message", "note", (1, 2))
    assert Finding.from_dict(finding.to_dict()) == finding
