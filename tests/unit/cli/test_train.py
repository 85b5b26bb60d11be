from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from ms25_suite.cli.main import main
from tests.helpers.fake_training import FakeTrainer


@pytest.fixture
def frames_file(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    images = []
    for index in range(12):
        atoms = Atoms("Cu2", rng.uniform(0, 3, (2, 3)), cell=[4, 4, 4], pbc=True)
        atoms.info["REF_energy"] = float(index)
        atoms.info["split"] = "train" if index < 6 else ("validation" if index < 9 else "test")
        atoms.arrays["REF_forces"] = rng.normal(size=(2, 3))
        images.append(atoms)
    path = tmp_path / "copper.extxyz"
    write(path, images)
    return path


def run(*arguments: str) -> int:
    return main(["train", *arguments])


def test_train_and_copy(
    frames_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Fake(FakeTrainer):
        def epoch_report(self, record):  # type: ignore[no-untyped-def]
            report = super().epoch_report(record)
            report.errors.update(energy_mae=0.00125, forces_mae=0.0675)
            return report

    monkeypatch.setattr("ms25_suite.potentials.registry.get_trainer", lambda name: Fake())
    out = tmp_path / "new" / "cu.model"
    arguments = ("mace", "--dataset", str(frames_file), "--n", "4", "--seed", "3")
    assert run(*arguments, "--out", str(out)) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == str(out)
    assert "energy 1.25 meV/atom, forces 67.5 meV/Å" in printed.out
    assert "epoch 1/4" in printed.err
    manifest = json.loads(out.with_name("cu.model.json").read_text())
    assert manifest["model"]["file"] == "cu.model"
    assert manifest["data"]["n_train"] == 4
    assert manifest["data"]["n_validation"] == 3
    assert manifest["data"]["name"] == "copper"
    assert run(*arguments) == 0
    assert "from the cache" in capsys.readouterr().out
    assert run("mace", "--dataset", str(frames_file)) == 0
    assert "-n6-" in capsys.readouterr().out


def test_a_trainer_that_reports_no_errors(
    frames_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Silent(FakeTrainer):
        def epoch_report(self, record):  # type: ignore[no-untyped-def]
            report = super().epoch_report(record)
            report.errors.clear()
            return report

    monkeypatch.setattr("ms25_suite.potentials.registry.get_trainer", lambda name: Silent())
    assert run("mace", "--dataset", str(frames_file), "--n", "4") == 0
    assert capsys.readouterr().out.endswith("; epoch 3 (this test)\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mace", "--n", "7"], "between 1 and 6, got 7"),
        (["mace", "--set", "9"], "no set 9"),
        (["mace", "--seed", "-1"], "`seed`"),
        (["mace", "--budget", "smokey"], "Did you mean 'smoke'"),
        (["mase"], "Did you mean 'mace'"),
        (["mace", "--out", "."], "is a folder"),
        (["mace", "--budget", "paper"], "'copper' of the paper. Use budget=standard"),
    ],
)
def test_errors_are_said_in_a_line(
    frames_file: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "ms25_suite.architectures.mace.trainer.MaceTrainer.require_installed", lambda self: None
    )
    assert run(*arguments, "--dataset", str(frames_file)) == 1
    error = capsys.readouterr().err
    assert error.startswith("ms25: ")
    assert message in error


def test_ctrl_c(
    frames_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ms25_suite.training.train", stopped)
    assert run("mace", "--dataset", str(frames_file)) == 130
    assert "what was finished is kept" in capsys.readouterr().err
