from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.environments.store import Environment, open_environment
from tests.helpers.pretended_python import SPEC, pretended_python


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return pretended_python(tmp_path, monkeypatch)


@pytest.fixture
def environment(python: str) -> Environment:
    return open_environment(SPEC)
