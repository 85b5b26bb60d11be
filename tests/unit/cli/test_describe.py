from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.registry import ENTRY_POINTS
from tests.helpers.fake_packages import add_package
from tests.helpers.imported import import_some
from tests.unit.cli.test_data import ms25, write_frames


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert ms25("list") == 0
    out = capsys.readouterr().out
    assert "hea" in out
    assert "Deluigi" in out


def test_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_frames(tmp_path / "x.extxyz", 12)
    # What is in square brackets must not be taken for markup.
    (tmp_path / "x.toml").write_text('title = "a [bold] title"')
    assert ms25("show", path) == 0
    out = capsys.readouterr().out
    assert "12 of 4 atoms" in out
    assert "a [bold] title" in out
    assert "energy from `REF_energy`, forces from `REF_forces`" in out
    assert "note no-level-of-theory" in out
    assert path.name in out


def test_show_warns_by_its_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_frames(tmp_path / "x.extxyz", 3)
    path.write_text(path.read_text() * 2)
    assert ms25("show", path) == 1
    assert "warning duplicate-frames" in capsys.readouterr().out


def test_the_list_of_imported_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import_some(tmp_path, "cha", "reaction")
    assert ms25("list", "--data", tmp_path) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["name", "tier", "frames"]
    assert lines[1].split()[:3] == ["cha", "published", "3"]
    assert "†" not in "".join(lines)
    assert "not imported: bea, fau, hea, " in lines[-1]
    # What cannot be opened hides nothing, and is no success.
    (tmp_path / "reaction.toml").write_text("files = 3")
    assert ms25("list", "--data", tmp_path) == 1
    out = capsys.readouterr().out
    assert "cannot be opened: reaction: " in out
    assert out.splitlines()[1].startswith("cha")


def test_show_takes_the_tier_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import_some(tmp_path, "cha")
    monkeypatch.setenv("MS25_DATA", str(tmp_path))
    ms25("show", "cha")
    out = capsys.readouterr().out
    assert "cha (published)" in out
    assert "MACE-MP-0 medium 100.6" in out
    assert "stand-in" not in out
    ms25("show", "cha", "--data=mini")
    out = capsys.readouterr().out
    assert "cha (mini)" in out
    assert "not on these stand-in labels" in out
    with pytest.raises(DatasetError, match="hold no hea"):
        ms25("show", "hea")
    # A misspelled option is never ignored.
    with pytest.raises(DatasetError, match="--data=publishd"):
        ms25("show", tmp_path / "cha.toml", "--data=publishd")


def test_the_list_names_packages_where_there_are_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ms25("list") == 0
    assert "package" not in capsys.readouterr().out
    (tmp_path / "their_copper").mkdir()
    write_frames(tmp_path / "their_copper" / "copper.extxyz", 3)
    card = (
        'name = "copper"\ntitle = "Copper"\nelements = ["Cu"]\nlevel_of_theory = "EMT"\n'
        'files = "copper.extxyz"\n'
    )
    files = {"their_copper/__init__.py": "", "their_copper/copper.toml": card}
    add_package(monkeypatch, tmp_path, "their-data", ENTRY_POINTS, {"x": "their_copper"}, files)
    assert ms25("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[-1] == "package"
    row = next(line for line in lines if line.startswith("copper"))
    assert row.split() == ["copper", "3", "4", "Cu", "EMT", "their-data"]
    assert lines[-1].endswith("all (without those of packages)")
    sys.modules.pop("their_copper")
