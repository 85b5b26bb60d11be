"""Fixtures under short names, for tests of a project that call no fixture of its own so."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import pytest

__all__ = ["NAMES", "ShortNames", "short_names"]


class ShortNames:
    """Hook that adds the fixtures once those of all other plugins are known."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Add those that no other plugin has: the last one that is added comes first."""
        # pytest has no public way to ask which fixtures there are.
        manager = session._fixturemanager
        used = {name for name in NAMES if manager.getfixturedefs(name, session)}
        session.config.pluginmanager.register(short_names(used), "ms25_short_fixtures")


class _ShortNames:
    """One fixture for each of those whose names begin with ``ms25_``."""

    @pytest.fixture(scope="session")
    def dataset(self, ms25_dataset: Any) -> Any:
        return ms25_dataset

    @pytest.fixture(scope="session")
    def partner(self, ms25_partner: Any) -> Any:
        return ms25_partner

    @pytest.fixture(scope="session")
    def potential(self, ms25_potential: Any) -> Any:
        return ms25_potential

    @pytest.fixture(scope="session")
    def held_out_predictions(self, ms25_held_out_predictions: Any) -> Any:
        return ms25_held_out_predictions

    @pytest.fixture(scope="session")
    def compared_frames(self, ms25_compared_frames: Any) -> Any:
        return ms25_compared_frames

    @pytest.fixture(scope="session")
    def transfer(self, ms25_transfer: Any) -> Any:
        return ms25_transfer

    @pytest.fixture(scope="session")
    def consistency(self, ms25_consistency: Any) -> Any:
        return ms25_consistency

    @pytest.fixture(scope="session")
    def supercells(self, ms25_supercells: Any) -> Any:
        return ms25_supercells

    @pytest.fixture(scope="session")
    def smoothness_scan(self, ms25_smoothness_scan: Any) -> Any:
        return ms25_smoothness_scan

    @pytest.fixture(scope="session")
    def short_range_scan(self, ms25_short_range_scan: Any) -> Any:
        return ms25_short_range_scan

    @pytest.fixture(scope="session")
    def reference_pushes(self, ms25_reference_pushes: Any) -> Any:
        return ms25_reference_pushes

    @pytest.fixture(scope="session")
    def route_comparison(self, ms25_route_comparison: Any) -> Any:
        return ms25_route_comparison

    @pytest.fixture(scope="session")
    def training_series(self, ms25_training_series: Any) -> Any:
        return ms25_training_series

    @pytest.fixture(scope="session")
    def learning_curve(self, ms25_learning_curve: Any) -> Any:
        return ms25_learning_curve

    @pytest.fixture(scope="session")
    def family(self, ms25_family: Any) -> Any:
        return ms25_family

    @pytest.fixture(scope="session")
    def committee(self, ms25_committee: Any) -> Any:
        return ms25_committee

    @pytest.fixture(scope="session")
    def committee_predictions(self, ms25_committee_predictions: Any) -> Any:
        return ms25_committee_predictions

    @pytest.fixture(scope="session")
    def timed_run(self, ms25_timed_run: Any) -> Any:
        return ms25_timed_run

    @pytest.fixture(scope="session")
    def run_settings(self, ms25_run_settings: Any) -> Any:
        return ms25_run_settings

    @pytest.fixture
    def check_recorder(self, ms25_check_recorder: Any) -> Any:
        return ms25_check_recorder

    @pytest.fixture
    def speed_benchmark(self, ms25_speed_benchmark: Any) -> Any:
        return ms25_speed_benchmark


NAMES = tuple(name for name in vars(_ShortNames) if not name.startswith("_"))
"""Short names of fixtures."""


def short_names(used: Container[str]) -> object:
    """Plugin with the fixtures under their short names.

    Parameters
    ----------
    used
        Names of fixtures of other plugins, which are left alone. Those of a conftest.py or a module
        come first in pytest anyway.
    """
    fixtures = {name: vars(_ShortNames)[name] for name in NAMES if name not in used}
    return type("ShortNames", (), fixtures)()
