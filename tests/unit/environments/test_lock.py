"""Lock files of environments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ms25_suite.core.errors import EnvironmentSetupError
from ms25_suite.environments.lock import write_lock

REPORT = {
    "version": "1",
    "install": [
        {
            "metadata": {"name": "torch", "version": "2.13.0"},
            "download_info": {"url": "u", "archive_info": {"hashes": {"sha256": "ab12"}}},
        },
        {
            "metadata": {"name": "ASE", "version": "3.29.0"},
            "download_info": {"url": "file:///a/folder", "dir_info": {}},
        },
    ],
}


def test_what_was_installed_with_its_hashes(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(REPORT))
    write_lock(tmp_path / "report.json", tmp_path / "lock")
    assert (tmp_path / "lock").read_text() == (
        "ASE @ file:///a/folder\ntorch==2.13.0 --hash=sha256:ab12\n"
    )


@pytest.mark.parametrize("content", ["", "[]", '{"install": [{}]}'])
def test_a_report_that_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(EnvironmentSetupError, match="report"):
        write_lock(tmp_path / "report.json", tmp_path / "lock")
