"""The command `ms25 validate` on cards and files of thresholds."""

from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.cli.main import main

THRESHOLDS = """
[error_thresholds.standard.forces]
value = {value}
unit = "meV/Å"
metric = "mae"
source = "mine"
"""


def test_valid_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marks, card, own = tmp_path / "t.toml", tmp_path / "c.toml", tmp_path / "o.toml"
    marks.write_text(THRESHOLDS.format(value=20.0), encoding="utf-8")
    # The file of frames need not be there.
    card.write_text('name = "mine"\nfiles = ["frames.extxyz"]\n[thresholds.energy]\nvalue = 1.5\n')
    own.write_text('threshold_class = "strict"\n')
    assert main(["validate", str(marks), str(card), str(own)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{marks}: thresholds, valid",
        f"{card}: card of mine, valid",
        f"{own}: card of o, valid; its threshold class is 'strict'",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (THRESHOLDS.format(value=-1), "`value` must be a positive number"),
        ("nam = 'x'\n", "unknown key `nam`. Did you mean 'name'?"),
        ("[thresholds.energy]\nvalue = 'low'\n", "[thresholds.energy]"),
        ("not toml", "TOML"),
    ],
)
def test_what_is_not_valid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    bad, good = tmp_path / "bad.toml", tmp_path / "good.toml"
    bad.write_text(text, encoding="utf-8")
    good.write_text("name = 'good'\n")
    assert main(["validate", str(bad), str(good)]) == 1
    shown = capsys.readouterr()
    # All files are checked, also behind a bad one.
    assert "card of good, valid" in shown.out
    assert words in shown.err
    assert str(bad) in shown.err


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(tmp_path / "gone.toml")]) == 1
    assert "gone.toml" in capsys.readouterr().err
