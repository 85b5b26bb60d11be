"""Guard: the suite is a plugin, so it must be installed even in its own clone."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Say how to install what is missing."""
    if not config.pluginmanager.hasplugin("ms25_suite.plugin"):
        msg = 'ms25-suite is not installed in this environment: run pip install -e ".[mace]"'
        raise pytest.UsageError(msg)
