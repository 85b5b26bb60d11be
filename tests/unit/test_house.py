"""The layout of the package: fifteen rooms, and small ones (CONTRIBUTING has the map)."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ms25_suite.core.catalogue import built_in
from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "ms25_suite"

ROOMS = {
    "architectures",
    "baseline",
    "campaign",
    "cli",
    "core",
    "criteria",
    "datasets",
    "environments",
    "lammps",
    "metrics",
    "plugin",
    "potentials",
    "reference",
    "report",
    "training",
}

MOST_MODULES = 15

FOLDERS = sorted(
    path for path in PACKAGE.rglob("*") if path.is_dir() and "__pycache__" not in path.parts
)


def _modules(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]


def test_the_package_has_fifteen_rooms_and_nothing_loose() -> None:
    found = {path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"}
    assert found - ROOMS == {"__init__.py", "__main__.py", "py.typed", "pytest.ini"}
    assert found >= ROOMS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_folder_holds_too_many_modules(folder: Path) -> None:
    """If this fails, two nouns share a folder: give one of them a folder of its own."""
    assert len(_modules(folder)) <= MOST_MODULES


def test_pyproject_lists_every_package() -> None:
    """They are listed by hand because ``checks``, ``docs``, ``fixtures`` are mapped into ours."""
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    listed = settings["tool"]["setuptools"]["packages"]
    assert listed == sorted(listed)
    folders = {
        ".".join(path.relative_to(REPOSITORY).parts)
        for path in [PACKAGE, *FOLDERS]
        if any(file.is_file() for file in path.iterdir())
    }
    mapped = {f"ms25_suite.{name}" for name in ("checks", "docs", "fixtures")}
    assert set(listed) == folders | mapped


@pytest.mark.parametrize("name", list(built_in()))
def test_a_criterion_has_one_name_everywhere(name: str) -> None:
    assert (PACKAGE / "criteria" / name / "measure.py").is_file()
    assert (REPOSITORY / "checks" / f"test_{name}.py").is_file()
    assert (REPOSITORY / "docs" / "checks" / f"{name}.md").is_file()


def test_every_check_is_of_a_criterion() -> None:
    checks = {path.stem.removeprefix("test_") for path in (REPOSITORY / "checks").glob("test_*.py")}
    assert checks - {"throughput_benchmarks"} == set(built_in())


def test_tests_lie_where_their_module_lies() -> None:
    """Of each ``tests/unit/ROOM/[FOLDER/]test_MODULE.py`` there is the folder in the package."""
    unit = REPOSITORY / "tests" / "unit"
    folders = {path.parent.relative_to(unit) for path in unit.rglob("test_*.py")}
    assert [folder for folder in folders if not (PACKAGE / folder).is_dir()] == []
