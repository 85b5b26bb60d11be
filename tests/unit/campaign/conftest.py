from __future__ import annotations

import functools

import pytest

from ms25_suite.campaign import rows
from ms25_suite.datasets.dataset import open_dataset

_open_once = functools.cache(open_dataset)


@pytest.fixture(autouse=True)
def _open_each_dataset_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Datasets are read anew in each cache, and each test has one of its own."""
    monkeypatch.setattr(rows, "open_dataset", _open_once)
