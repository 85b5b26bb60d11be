from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data that is not ours to ship: `MS25_TEST_DATA`, or a folder beside the clone."""
    default = REPOSITORY.parent / "shared" / "data"
    path = Path(os.environ.get("MS25_TEST_DATA", default))
    if not path.is_dir():
        pytest.skip(f"no folder of test data at {path}: set MS25_TEST_DATA")
    return path


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or fills the cache of the person who runs it."""
    base = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("MS25_CACHE_DIR", str(base))
