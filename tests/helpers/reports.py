"""Results, a run and the parsed page of a report."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from ms25_suite.core.findings import Finding
from ms25_suite.core.machine import Machine
from ms25_suite.core.records import (
    AuditRecord,
    DatasetRecord,
    PotentialRecord,
    RunRecord,
    TrainedOn,
)
from ms25_suite.core.results import CheckResult, Verdict


def make_result(**changes: Any) -> CheckResult:
    """A passed force error."""
    values: dict[str, Any] = {
        "criterion": "error_thresholds",
        "dataset": "mgo",
        "test_dataset": "mgo",
        "potential": "mace-β",
        "quantity": "forces",
        "metric": "mae",
        "value": 31.25,
        "unit": "meV/Å",
        "interval": (30.5, 32.0),
        "threshold": 35.0,
        "threshold_source": "the paper, Results",
        "verdict": Verdict.PASS,
        "n_frames": 80,
    }
    return CheckResult(**(values | changes))


ERROR = make_result(
    potential="q", value=None, interval=None, verdict=Verdict.ERROR, reason="WorkerDiedError: gone"
)

RUN = RunRecord(
    id="run-1",
    started="2026-01-02T03:04:05Z",
    finished="2026-01-02T03:09:05Z",
    suite_version="0.1.0",
    command=("pytest", "--mlip=my model.pt"),
    exit_status=1,
    device="cpu",
    dtype="float64",
    workers=1,
    seed=7,
    strict=True,
    potentials=(
        PotentialRecord(
            name="mace-β",
            spec="train:mace",
            architecture="mace",
            path="",
            sha256="ab" * 32,
            dtype="float64",
            device="cpu",
            elements=("Mg", "O"),
            r_max=5.0,
            n_parameters=1234567,
            trained_on=TrainedOn(
                dataset="mgo",
                n_train=100,
                n_validation=10,
                set=1,
                level_of_theory="LC-1985",
                tier="mini",
                sha256="cd" * 32,
                seed=7,
                budget="short",
            ),
            training_curve={"epoch": (1, 2, 3), "forces_rmse": (90.0, None, 40.0)},
            training_units={"forces_rmse": "eV/Å"},
        ),
    ),
    datasets=(
        DatasetRecord(
            name="mgo",
            title="Magnesium oxide",
            tier="mini",
            stand_in=True,
            level_of_theory="LC-1985",
            paper_level_of_theory="PBE",
            sha256="cd" * 32,
            n_frames=120,
            n_test=80,
            splits="given by the card",
            elements=("Mg", "O"),
            findings=(Finding("overlap", "3 frames are in both"),),
            audit=(AuditRecord(code="net-force", question="Do the forces add up?", status="ok"),),
        ),
    ),
    machine=Machine(platform="Linux", cpu="a processor", n_cpu=16, memory_gb=64.0, python="3.11"),
    packages={"numpy": "2.0.0"},
)
"""A run with something in every field except ``docs_url`` and ``runs``."""


class Page(HTMLParser):
    """What a browser would make of the page."""

    void = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.parts: list[str] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()
        assert self.open == []

    @property
    def text(self) -> str:
        """All text with single blanks."""
        return " ".join(" ".join(self.parts).split())

    def images(self) -> list[str]:
        """Address of each image."""
        return [found["src"] for tag, found in self.tags if tag == "img"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.parts.append(data)


def save_parity(folder: Path, name: str = "artifacts/f.npz", **arrays: Any) -> str:
    """Write the artifact of a force error; returns its path in the folder."""
    rng = np.random.default_rng(0)
    reference = rng.standard_normal(600)
    values = {
        "reference": reference,
        "predicted": reference + 0.01,
        "unit": "eV/Å",
        "element": np.full(600, 12),
    }
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    np.savez(folder / name, **(values | arrays))
    return name
