from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.entry_points import contributions
from ms25_suite.core.errors import DatasetError
from tests.helpers.fake_packages import add_package

GROUP = "ms25_suite.tests_of_entry_points"


def test_no_package_contributes() -> None:
    assert contributions(GROUP, DatasetError) == ()


def test_objects_come_with_their_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("theirs-b", 2), ("theirs-a", 1)):
        module = name.replace("-", "_")
        add_package(
            monkeypatch,
            tmp_path / name,
            name,
            GROUP,
            {"second": f"{module}:VALUE", "first": module},
            {f"{module}.py": f"VALUE = {value}\n"},
        )
    found = contributions(GROUP, DatasetError)
    assert [(one.package, one.name, one.version) for one in found] == [
        ("theirs-a", "first", "1.2"),
        ("theirs-a", "second", "1.2"),
        ("theirs-b", "first", "1.2"),
        ("theirs-b", "second", "1.2"),
    ]
    assert [one.content for one in found if one.name == "second"] == [1, 2]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("no_such_module:thing", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("broken_theirs:thing", "RuntimeError: boom"),
        ("sound_theirs:thing", "AttributeError: .*thing"),
    ],
)
def test_a_broken_entry_point_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, problem: str
) -> None:
    modules = {"broken_theirs.py": "raise RuntimeError('boom')\n", "sound_theirs.py": ""}
    add_package(monkeypatch, tmp_path, "theirs-c", GROUP, {"x": entry}, modules)
    with pytest.raises(DatasetError, match=f"package theirs-c is broken: .*{problem}"):
        contributions(GROUP, DatasetError)
