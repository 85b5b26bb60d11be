"""What `judge` makes of its arguments; `tests/integration/test_python_interface.py` runs checks."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.cli.python import interface
from ms25_suite.cli.python.interface import judge
from ms25_suite.core.errors import ReportError, UsageError
from ms25_suite.plugin.options import OPTIONS

OTHER_NAMES = {
    "mlip": "potential",
    "no_cache": "cache",
    "no_neb_climb": "neb_climb",
}
"""Options of pytest whose keyword is called otherwise."""


def test_every_option_of_the_plugin_has_a_keyword() -> None:
    """If this fails, give `judge` the new option too."""
    options = {name.replace("-", "_") for name in OPTIONS}
    keywords = {OTHER_NAMES.get(name, name) for name in options}
    assert set(inspect.signature(judge).parameters) == keywords | {"criteria", "quiet"}


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments of the run that is not made."""
    seen: list[str] = []

    def run(arguments: list[str], *rest: object) -> tuple[int, str]:
        seen.extend(arguments)
        return 4, "ERROR: as far as this test goes\n"

    monkeypatch.setattr(interface, "_run", run)
    return seen


def test_keywords_become_options(command: list[str], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^as far as this test goes$"):
        judge(
            "a.model",
            ["cha", "hea"],
            criteria=["eos", "stability"],
            data="published",
            stand_in="gate",
            strict=True,
            seed=3,
            train_sizes=(50, 100, 200),
            eos_relax=True,
            neb_climb=False,
            cache=False,
            mlip_species=["Si", "O"],
            same_as=Path("b.model"),
            parent=Path("p.model"),
            retention_data=["zro", "my.toml"],
            report_dir=tmp_path,
        )
    assert command == [
        "--mlip=a.model",
        "--dataset=cha",
        "--dataset=hea",
        f"--report-dir={tmp_path}",
        "-m=eos or stability",
        "--data=published",
        "--stand-in=gate",
        "--ms25-strict",
        "--ms25-seed=3",
        "--train-sizes=50,100,200",
        "--eos-relax",
        "--no-neb-climb",
        "--mlip-species=Si,O",
        "--same-as=b.model",
        "--ms25-parent=p.model",
        "--ms25-retention-data=zro,my.toml",
        "--ms25-no-cache",
    ]


def test_what_is_not_given_is_left_to_the_options(command: list[str]) -> None:
    with pytest.raises(UsageError):
        judge("a.model", "cha")
    assert [argument.partition("=")[0] for argument in command] == [
        "--mlip",
        "--dataset",
        "--report-dir",
    ]


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [(5, UsageError, "no check can be run .*the last words"), (3, ReportError, "exit status 3")],
)
def test_a_run_without_results_is_an_exception(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    status: int,
    error: type[Exception],
    words: str,
) -> None:
    """Also if an earlier run left its results in that folder."""
    (tmp_path / "results.json").write_text("{}")

    def run(*arguments: Any) -> tuple[int, str]:
        return status, "the last words"

    monkeypatch.setattr(interface, "_run", run)
    with pytest.raises(error, match=re.compile(words, flags=re.DOTALL)):
        judge("a.model", "cha", report_dir=tmp_path)
