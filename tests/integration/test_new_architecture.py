"""docs/new-architecture.md: the adapter, its entry point and its tests, exactly as printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "new-architecture.md"


def blocks() -> list[str]:
    return re.findall(r"```(?:python|toml)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_page_shows_the_adapter_that_other_tests_use() -> None:
    assert blocks()[0] == (REPOSITORY / "tests" / "helpers" / "lennard_jones.py").read_text(
        encoding="utf-8"
    )


def test_the_printed_architecture_passes_the_printed_tests(tmp_path: Path) -> None:
    adapter, project, tests = blocks()
    (tmp_path / "lennard_jones.py").write_text(adapter, encoding="utf-8")
    (tmp_path / "test_lennard_jones.py").write_text(tests, encoding="utf-8")
    # What pip would make of the entry point.
    installed = tmp_path / "lj-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: lj\nVersion: 1.0\n")
    lines = project.replace('[project.entry-points."', "[").replace('"]', "]").replace('"', "")
    (installed / "entry_points.txt").write_text(lines)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "14 passed, 1 skipped" in done.stdout
