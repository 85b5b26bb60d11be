"""Guard: the checks need a potential and a dataset on the command line."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    """Say what is missing, instead of one error for each unknown fixture."""
    if not config.getoption("ms25_mlip") and not config.getoption("ms25_dataset"):
        msg = (
            "the checks need a potential and a dataset, for example: "
            "pytest --mlip=model.pt --dataset=hea (the suite's own tests are in tests/)"
        )
        raise pytest.UsageError(msg)
