from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.benchmark_runs import run_benchmarks


@pytest.fixture(scope="package")
def written_benchmarks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_benchmarks(tmp_path_factory.mktemp("benchmarks"))


@pytest.fixture
def base(written_benchmarks: Path, tmp_path: Path) -> Path:
    """A file of pytest-benchmark."""
    path = tmp_path / "base.json"
    path.write_text(written_benchmarks.read_text())
    return path
