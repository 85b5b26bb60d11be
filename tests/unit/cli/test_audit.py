from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from ms25_suite.cli import data as cli_data
from ms25_suite.cli import main as cli
from ms25_suite.datasets.answers import QUESTIONS
from tests.unit.cli.test_data import write_frames


def ms25(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    cli_data.add_parser(parser.add_subparsers(dest="command"))
    return cli_data.run(parser.parse_args(["data", "audit", *map(str, arguments)]))


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write_frames(tmp_path / "good.extxyz", 6)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = write_frames(tmp_path / "bad.extxyz", 6, seed=1)
    path.write_text(path.read_text() * 2)
    return path


def test_every_question_is_printed_with_its_answer(
    good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ms25(good) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("good (user): 18 questions: ")
    for question in QUESTIONS.values():
        (line,) = (line for line in lines if question in line)
        assert line.split(question)[1].strip()
    assert any(line.startswith("unanswered  Do labels and potential differ") for line in lines)


def test_a_warning_is_an_exit_status_and_a_note_is_none(
    good: Path, bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ms25(good) == 0
    assert "note no-level-of-theory: " in capsys.readouterr().out
    assert ms25(good, bad) == 1
    out = capsys.readouterr().out
    assert "warning     Does a frame occur twice? yes: frames 6, 7, 8, 9, 10, …" in out
    assert "warning duplicate-frames: 6 of 12 frames" in out


def test_what_cannot_be_read_does_not_stop_the_others(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.extxyz"
    broken.write_text("this is no number\n")
    assert ms25(broken, "gold", good) == 2
    captured = capsys.readouterr()
    assert "broken.extxyz cannot be read as extxyz" in captured.err
    assert "unknown dataset 'gold'" in captured.err
    assert "good (user)" in captured.out


def test_groups_folders_and_cards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    write_frames(folder / "a.extxyz", 3, seed=2)
    card = tmp_path / "card.toml"
    card.write_text('name = "carded"\nfiles = "folder/a.extxyz"\nlevel_of_theory = "PBE"')
    assert ms25("MgO", folder, card) == 0
    out = capsys.readouterr().out
    for name in ("mgo-2x2 (mini)", "mgo-4x4 (mini)", "folder (user)", "carded (user)"):
        assert name in out


def test_json(bad: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ms25("--json", bad, tmp_path / "nothing.extxyz") == 2
    found, missing = json.loads(capsys.readouterr().out)
    assert found["dataset"] == "bad"
    assert found["n_frames"] == 12
    assert [entry["code"] for entry in found["questions"]] == list(QUESTIONS)
    (twice,) = (entry for entry in found["questions"] if entry["code"] == "duplicates")
    assert twice["status"] == "warning"
    assert twice["findings"] == ["duplicate-frames"]
    (finding,) = (entry for entry in found["findings"] if entry["code"] == "duplicate-frames")
    assert finding["frames"] == [6, 7, 8, 9, 10, 11]
    assert missing["error"].startswith("UnknownDatasetError: there is no file or folder")


def test_it_is_a_command(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["data", "audit", str(good)]) == 0
    assert "Does a frame occur twice?" in capsys.readouterr().out


def test_a_finding_of_two_questions_is_printed_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy as np

    from ms25_suite.datasets import open_dataset
    from ms25_suite.datasets.writer import write_extxyz

    lta = open_dataset("lta")
    labels = lta.labels
    assert labels.energy is not None
    assert labels.forces is not None
    assert labels.stress is not None
    images = []
    for index in range(60):
        part = slice(int(lta.frames.offsets[index]), int(lta.frames.offsets[index + 1]))
        atoms = lta.frames.atoms(index)
        atoms.info["REF_energy"] = float(labels.energy[index])
        atoms.info["REF_stress"] = -np.array(labels.stress[index])
        atoms.arrays["REF_forces"] = np.array(labels.forces[part])
        images.append(atoms)
    write_extxyz(tmp_path / "x.extxyz", images)
    assert ms25(tmp_path / "x.extxyz") == 1
    out = capsys.readouterr().out
    assert out.count("warning stress-sign: ") == 1
    assert out.count("warning     ") == 2
