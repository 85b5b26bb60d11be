from __future__ import annotations

from importlib import import_module

from ms25_suite.plugin.session import FIXTURES
from ms25_suite.plugin.short_names import NAMES, short_names


def test_each_fixture_has_a_short_name() -> None:
    modules = [import_module(f"ms25_suite.fixtures.{name}") for name in FIXTURES]
    fixtures = {name for module in modules for name in vars(module) if name.startswith("ms25_")}
    assert {f"ms25_{name}" for name in NAMES} == fixtures - {"ms25_suite"}


def test_names_of_others_are_left_alone() -> None:
    found = short_names({"dataset", "potential"})
    assert not hasattr(found, "dataset")
    assert hasattr(found, "check_recorder")
