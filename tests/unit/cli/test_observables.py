from __future__ import annotations

import argparse
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.cli import data as cli_data
from ms25_suite.core.errors import LabelError, UnknownDatasetError, UsageError
from ms25_suite.datasets import open_dataset, registry
from ms25_suite.datasets.writer import write_extxyz
from ms25_suite.metrics.eos import murnaghan

ALLOY = "FeNiCrCoCu3"


def ms25(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    cli_data.add_parser(parser.add_subparsers(dest="command"))
    return cli_data.run(parser.parse_args(["data", *map(str, arguments)]))


def write_curves(path: Path, n_curves: int, **info: Any) -> Path:
    images = []
    for number in range(n_curves):
        for ratio in np.linspace(0.9, 1.1, 7):
            atoms = bulk("Cu", a=3.6, cubic=True)
            atoms.symbols = ["Fe", "Ni", "Cr", "Co"]
            atoms.set_cell(atoms.cell.array * ratio ** (1 / 3), scale_atoms=True)
            volume = np.array([atoms.get_volume()])
            atoms.info["REF_energy"] = float(murnaghan(volume, 45.0 + number, -14.0, 0.9, 5.0)[0])
            atoms.info["curve"] = f"c{number}"
            atoms.info.update(info)
            images.append(atoms)
    write_extxyz(path, images)
    return path


def write_path(path: Path) -> Path:
    images = []
    for number in range(4):
        atoms = bulk("Pt", cubic=True)
        atoms.symbols[:2] = ["C", "H"]
        atoms.positions[0, 0] += 0.1 * number
        atoms.info.update(REF_energy=-10.0 + 0.1 * number, barrier_eV=0.3125)
        images.append(atoms)
    write_extxyz(path, images)
    return path


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Builders in place of those of hea and reaction; what they were called with."""
    found: list[dict[str, Any]] = []

    def frames(out: Path, *, n_frames: int = 4, **settings: Any) -> Path:
        found.append({"n_frames": n_frames, **settings})
        return write_curves(out, 1) if n_frames == 4 else write_path(out)

    def curves(
        out: Path,
        *,
        n_compositions: int = 5,
        potential_file: Path | None = None,
        progress: bool = True,
    ) -> Path:
        found.append({"n_compositions": n_compositions, "potential_file": potential_file})
        return write_curves(out, n_compositions)

    def path(out: Path) -> Path:
        found.append({})
        return write_path(out)

    module = types.ModuleType("builders_of_the_test")
    for function in (frames, curves, path):
        setattr(module, function.__name__, function)
    monkeypatch.setitem(sys.modules, "builders_of_the_test", module)
    real = registry.builtin_card

    def builtin(name: str) -> Any:
        card = real(name)
        if card is None:
            return None
        card = replace(card, build="builders_of_the_test:frames")
        if card.eos is not None:
            card = replace(card, eos=replace(card.eos, build="builders_of_the_test:curves"))
        if card.neb is not None:
            card = replace(card, neb=replace(card.neb, build="builders_of_the_test:path"))
        return card

    monkeypatch.setattr(registry, "builtin_card", builtin)
    return found


def test_curves_are_built_as_a_dataset_with_its_observable(
    tmp_path: Path, calls: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.extxyz.xz"
    options = ["--compositions", "4", "--potential-file", "p.alloy"]
    assert ms25("build", "HEA-eos", "--out", out, *options) == 0
    assert calls == [{"n_compositions": 4, "potential_file": Path("p.alloy")}]
    text = capsys.readouterr().out
    assert "4 curves of 7 volumes, lattice constant 3.55689 to 3.63424 Å" in text
    assert "bulk modulus 144.2 to 144.2 GPa (murnaghan)" in text
    dataset = open_dataset(str(out))
    card = dataset.card
    assert (card.name, card.build, card.threshold_class) == ("mine", None, "complex")
    assert card.title.endswith(": curves of the equation of state")
    assert card.reference_calculator == "ms25_suite.reference.hea.frames:calculator"
    assert len(dataset.splits.parts[0][0]) == 0
    assert len(dataset.splits.test()) == len(dataset) == 28
    eos = dataset.eos()
    assert eos is not None
    assert (eos.config.observable, eos.config.atoms_per_cell) == ("lattice_constant", 4)
    assert eos.sha256 == (dataset.sha256,)


def test_default_name_is_that_of_the_target(
    tmp_path: Path, calls: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ms25("build", "hea-eos") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "hea-eos.extxyz.xz",
        "hea-eos.toml",
    ]


def test_path_is_built_with_the_barrier_of_its_images(
    tmp_path: Path, calls: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.extxyz"
    assert ms25("build", "reaction-neb", "--out", out) == 0
    assert calls == [{}]
    line = "forward barrier 0.312 eV (cubic spline through energies and forces"
    assert line in capsys.readouterr().out
    dataset = open_dataset(str(out))
    assert dataset.eos() is None
    neb = dataset.neb()
    assert neb is not None
    assert (neb.barrier, len(neb.frames)) == (0.3125, 4)
    assert neb.reaction_energy == pytest.approx(0.3)


def test_frames_built_anew_keep_the_observables(
    tmp_path: Path, calls: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.extxyz"
    assert ms25("build", "hea", "--out", out) == 0
    assert "20 curves of 11 volumes" in capsys.readouterr().out
    assert '[eos]\ndataset = "hea"' in (tmp_path / "mine.toml").read_text()
    assert open_dataset(str(out)).neb() is None
    out = tmp_path / "other.extxyz"
    assert ms25("build", "reaction", "--out", out, "--frames", "5") == 0
    assert "forward barrier 0.167 eV" in capsys.readouterr().out
    assert '[neb]\ndataset = "reaction"' in (tmp_path / "other.toml").read_text()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (
            ["hea-eos", "--frames", "20"],
            "hea-eos is built without --frames; it takes --compositions",
        ),
        (["hea-eos", "--seed", "1", "--workers", "2"], "without --seed, --workers; it takes"),
        (["reaction-neb", "--compositions", "3"], "reaction-neb is built without --compositions"),
    ],
)
def test_options_that_a_builder_does_not_take(
    tmp_path: Path, calls: list[dict[str, Any]], arguments: list[str], match: str
) -> None:
    with pytest.raises(UsageError, match=match):
        ms25("build", *arguments, "--out", tmp_path / "x.extxyz")
    assert calls == []
    assert list(tmp_path.iterdir()) == []


def test_builders_take_the_options_of_the_command() -> None:
    """Each builder of a card exists and takes the options that the help names."""
    import importlib
    import inspect

    expected = {
        "hea": {"n_compositions", "seed", "potential_file", "workers", "progress"},
        "cha": {"potential_file", "workers", "progress"},
        "reaction": {"potential_file", "workers", "progress"},
    }
    for name, options in expected.items():
        card = registry.builtin_card(name)
        assert card is not None
        config: Any = card.eos or card.neb
        module, _, function = config.build.partition(":")
        build = getattr(importlib.import_module(module), function)
        assert options <= set(inspect.signature(build).parameters)


def test_misspelled_observables() -> None:
    with pytest.raises(UnknownDatasetError) as caught:
        ms25("build", "hea-eso")
    message = str(caught.value)
    assert "unknown dataset 'hea-eso'. Did you mean 'hea-eos'?" in message
    assert "Reference observables: cha-eos, hea-eos, reaction-neb" in message
    with pytest.raises(UnknownDatasetError, match=r"'mgo-2x2-eos'.*Built-in datasets: "):
        ms25("build", "mgo-2x2-eos")


def show(folder: Path, capsys: pytest.CaptureFixture[str], table: str = "") -> str:
    write_curves(folder / "frames.extxyz", 1)
    card = folder / "card.toml"
    card.write_text(f'files = "frames.extxyz"\n[eos]\nfiles = "eos.extxyz"\n{table}')
    ms25("show", card)
    lines = capsys.readouterr().out.splitlines()
    return next(line for line in lines if line.startswith("eos"))


def test_curves_without_a_fit_are_fitted_for_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_curves(tmp_path / "eos.extxyz", 2)
    line = show(tmp_path, capsys)
    assert "c0: volume 45 Å^3, bulk modulus 144.2 GPa; c1: volume 46 Å^3" in line
    line = show(tmp_path, capsys, 'equation = "birch-murnaghan"')
    assert line.endswith("(birch-murnaghan)")


def test_stated_fits_are_shown_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = {"v0_A3": 46.656, "e0_eV": -14.0, "b0_eV_A3": 1.0, "b0_prime": 5.0}
    write_curves(tmp_path / "eos.extxyz", 1, **fit)
    table = 'observable = "lattice_constant"\natoms_per_cell = 4'
    line = show(tmp_path, capsys, table)
    assert "c0: lattice constant 3.6 Å, bulk modulus 160.2 GPa (murnaghan)" in line


def test_curves_that_have_no_fit_are_said_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # 30 Å^3 lies below all volumes.
    write_curves(tmp_path / "eos.extxyz", 1)
    text = (tmp_path / "eos.extxyz").read_text()
    images = write_curves(tmp_path / "other.extxyz", 1, REF_energy=-14.0).read_text()
    (tmp_path / "eos.extxyz").write_text(text.replace("c0", "good") + images)
    line = show(tmp_path, capsys)
    assert "good: volume 45 Å^3" in line
    assert "c0: no fit, the energy is the same at all volumes" in line
    more = "".join(text.replace("c0", f"d{number}") for number in range(4))
    (tmp_path / "eos.extxyz").write_text(more + images)
    line = show(tmp_path, capsys)
    assert "5 curves of 7 volumes, volume 45 to 45 Å^3" in line
    assert line.endswith("; 1 without a fit")


def test_damaged_curves_are_an_error_of_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_curves(tmp_path / "eos.extxyz", 1, REF_energy=float("nan"))
    with pytest.raises(LabelError, match=r"\[eos\].*REF_energy` is not a number .* in all"):
        show(tmp_path, capsys)
