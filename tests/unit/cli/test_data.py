from __future__ import annotations

import argparse
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.cli import data as cli_data
from ms25_suite.core.errors import DatasetError, UnknownDatasetError, UsageError
from ms25_suite.datasets import open_dataset, registry
from ms25_suite.datasets.writer import write_extxyz


def ms25(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    cli_data.add_parser(parser.add_subparsers(dest="command"))
    return cli_data.run(parser.parse_args(["data", *map(str, arguments)]))


def write_frames(path: Path, n: int, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    images = []
    for _ in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.1, rng=rng)
        atoms.info["REF_energy"] = float(rng.normal())
        forces = rng.normal(size=(4, 3))
        atoms.arrays["REF_forces"] = forces - forces.mean(axis=0)
        images.append(atoms)
    write_extxyz(path, images)
    return path


def test_show_an_unknown_name() -> None:
    with pytest.raises(UnknownDatasetError, match="Did you mean 'hea'"):
        ms25("show", "haa")


def test_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_frames(tmp_path / "a.xyz", 30)
    out = tmp_path / "b.extxyz.xz"
    options = ["--name", "copper", "--level-of-theory", "PBE", "--n-train", "10"]
    options += ["--n-validation", "5", "--n-test", "12", "--seed", "3", "--sets", "2"]
    assert ms25("import", source, "--out", out, *options) == 0
    text = capsys.readouterr().out
    assert f"wrote {out}" in text
    assert "2 random sets, seed 3; 10 training, 5 validation, 12 test" in text
    dataset = open_dataset(str(out))
    assert dataset.name == "copper"
    assert dataset.card.level_of_theory == "PBE"
    assert len(dataset.splits.train(set=2)) == 10


def test_import_keeps_frames_evenly_spaced_and_takes_keys(tmp_path: Path) -> None:
    source = tmp_path / "a.extxyz"
    text = write_frames(tmp_path / "x.extxyz", 9).read_text()
    source.write_text(text.replace("REF_energy", "E").replace("REF_forces", "F"))
    out = tmp_path / "b.extxyz"
    keys = ["--keys", "energy=E", "forces=F", "--units", "energy=eV"]
    assert ms25("import", source, "--out", out, "--frames-limit", "3", *keys) == 0
    everything = open_dataset(str(tmp_path / "x.extxyz")).labels.energy
    assert everything is not None
    np.testing.assert_array_equal(open_dataset(str(out)).labels.energy, everything[[0, 4, 8]])


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--n-test", "3"], "a split needs --n-train"),
        (["--seed", "3"], "a split needs --n-train"),
        (["--n-train", "0"], "--n-train to be at least 1, got 0"),
        (["--n-train", "2", "--n-validation", "-1"], "at least 0 for validation"),
        (["--frames-limit", "0"], "--frames-limit to be at least 1"),
        (["--keys", "energi=E"], "--keys LABEL=KEY with LABEL one of energy"),
        (["--keys", "energy"], "got 'energy'"),
        (["--keys", "stress=a", "virial=b"], "either a stress or a virial"),
    ],
)
def test_import_refuses_senseless_options(tmp_path: Path, options: list[str], match: str) -> None:
    source = write_frames(tmp_path / "a.extxyz", 3)
    with pytest.raises(UsageError, match=match):
        ms25("import", source, "--out", tmp_path / "b.extxyz", *options)
    assert not (tmp_path / "b.extxyz").exists()


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A recipe in place of the one that the card of hea names; what it was called with."""
    calls: list[dict[str, Any]] = []

    def build(out: Path, *, n_frames: int = 20, seed: int = 1, **settings: Any) -> Path:
        calls.append({"n_frames": n_frames, "seed": seed, **settings})
        return write_frames(out, n_frames, seed)

    module = types.ModuleType("recipe_of_the_test")
    module.build = build  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "recipe_of_the_test", module)
    cards = tmp_card(registry.builtin_card("hea"))
    monkeypatch.setattr(registry, "builtin_card", lambda name: cards if name == "hea" else None)
    return calls


def tmp_card(card: Any) -> Any:
    from dataclasses import replace

    thresholds = {"energy": {"value": 5.0, "unit": "meV/atom", "metric": "mae", "source": "me"}}
    # Its curves are of other elements; test_cli_observables.py has what becomes of them.
    changes = {"elements": ("Cu",), "eos": None, "thresholds": thresholds}
    return replace(card, build="recipe_of_the_test:build", **changes)


def test_build(tmp_path: Path, recipe: list[dict[str, Any]]) -> None:
    out = tmp_path / "mine.extxyz.xz"
    options = ["--frames", "162", "--seed", "9", "--workers", "2", "--potential-file", "p.alloy"]
    assert ms25("build", "hea", "--out", out, *options) == 0
    expected = {"n_frames": 162, "seed": 9, "workers": 2, "potential_file": Path("p.alloy")}
    assert recipe[0] | expected == recipe[0]
    dataset = open_dataset(str(out))
    card = dataset.card
    assert dataset.name == "mine"
    assert card.threshold_class == "complex"
    assert card.cutoff == 5.5
    assert card.thresholds["energy"]["value"] == 5.0
    assert card.reference_calculator == "ms25_suite.reference.hea.frames:calculator"
    assert card.files[0].sha256 == dataset.sha256
    assert len(dataset.splits.train()) == 50
    assert dataset.splits.n_sets == 3
    with pytest.raises(DatasetError, match="exists already"):
        ms25("build", "hea", "--out", out)


def test_build_by_default(
    tmp_path: Path, recipe: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ms25("build", "hea") == 0
    assert recipe[0]["n_frames"] == 20
    assert recipe[0].get("potential_file") is None
    assert len(open_dataset("hea.extxyz.xz")) == 20


def test_build_what_cannot_be_built(tmp_path: Path, recipe: list[dict[str, Any]]) -> None:
    with pytest.raises(UnknownDatasetError, match="unknown dataset 'gold'"):
        ms25("build", "gold", "--out", tmp_path / "x.extxyz")
    with pytest.raises(UsageError, match="--frames to be at least 3"):
        ms25("build", "hea", "--out", tmp_path / "x.extxyz", "--frames", "2")
    with pytest.raises(DatasetError, match="ends in one of"):
        ms25("build", "hea", "--out", tmp_path / "x.traj")
    assert recipe == []


@pytest.mark.parametrize(("option", "value"), [("--sets", "1001"), ("--seed", str(2**63))])
def test_a_split_that_no_card_can_hold_leaves_no_files(
    tmp_path: Path, option: str, value: str
) -> None:
    source = write_frames(tmp_path / "a.xyz", 5)
    out = tmp_path / "b.extxyz"
    with pytest.raises(UsageError, match="expected at most"):
        ms25("import", source, "--out", out, "--n-train", "2", option, value)
    assert not out.exists()
