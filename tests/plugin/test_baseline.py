"""Without a model: a potential of its own, and the scale beside every other one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.io import write


def _split(path: Path, images: list[Atoms]) -> Path:
    copies = [atoms.copy() for atoms in images]
    for index, atoms in enumerate(copies):
        atoms.info["split"] = ("train", "train", "validation", "test", "test")[index % 5]
    write(path, copies)
    return path


def test_every_error_is_shown_beside_that_of_no_model(
    pytester: pytest.Pytester,
    cuni_images: list[Atoms],
    calc: Callable[..., str],
    document: Callable[..., dict[str, Any]],
) -> None:
    data = _split(pytester.path / "cuni.extxyz", cuni_images)
    mlips = ["--mlip=baseline:mean", f"--mlip={calc()}"]
    done = pytester.runpytest(*mlips, f"--dataset={data}")
    found = {
        (result["potential"], result["quantity"]): result
        for result in document()["results"]
        if result["criterion"] == "error_thresholds" and result["metric"] == "mae"
    }
    for quantity in ("energy", "forces", "stress"):
        own = found["baseline-mean", quantity]
        # It learned nothing but compositions: it is no better than what needs no model.
        assert own["value"] >= own["details"]["without_model"] > 0
        assert own["verdict"] == "fail"
        beside = found["calc", quantity]["details"]["without_model"]
        assert beside == pytest.approx(own["details"]["without_model"])
        assert found["calc", quantity]["value"] < 1e-4
        assert found["calc", quantity]["verdict"] == "pass"
    done.stdout.fnmatch_lines(["mean absolute errors without a model: energy*meV/atom, forces*"])
    page = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    assert "mean absolute errors without a model: energy" in page


def test_the_baseline_passes_nothing(
    pytester: pytest.Pytester, cuni_images: list[Atoms], document: Callable[..., dict[str, Any]]
) -> None:
    """Not within a generous threshold either, and not what a constant energy is perfect in."""
    data = _split(pytester.path / "cuni.extxyz", cuni_images)
    (pytester.path / "cuni.toml").write_text(
        "[thresholds]\nenergy.value = 200\nforces.value = 5000\nstress.value = 100\n"
    )
    done = pytester.runpytest(
        "--mlip=baseline:mean",
        f"--dataset={data}",
        "-m",
        "error_thresholds or size_extensivity or stability",
        "--md-steps=20",
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    verdicts = {
        (result["criterion"], result["quantity"]): (result["verdict"], result["reason"])
        for result in document()["results"]
        if result["threshold"] is not None
    }
    assert {verdict for verdict, _ in verdicts.values()} == {"fail"}, verdicts
    assert "no better than no model" in verdicts["error_thresholds", "stress"][1]
    for key in (
        ("size_extensivity", "supercell_energy"),
        ("size_extensivity", "supercell_forces"),
        ("stability", "energy_drift"),
        ("stability", "broken_runs"),
    ):
        assert "does not respond to the structure" in verdicts[key][1], key


def test_without_training_frames_there_is_no_baseline(
    pytester: pytest.Pytester, cuni: Path, document: Callable[..., dict[str, Any]]
) -> None:
    done = pytester.runpytest("--mlip=baseline:mean", f"--dataset={cuni}")
    assert done.ret != pytest.ExitCode.OK
    reasons = {result["reason"] for result in document()["results"]}
    assert any("has no training frames" in reason for reason in reasons), reasons
