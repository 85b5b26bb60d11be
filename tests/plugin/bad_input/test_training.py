"""Rows of the table "Training": a real training program, which is spoiled where it is needed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from tests.helpers.killing import KILL_PYTEST
from tests.helpers.pretended_models import pretended_mace
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Judge = Callable[..., Outcome]
Dataset = Callable[..., str]
Package = Callable[..., dict[str, str]]

CARD = "[splits]\ntrain = 8\nvalidation = 4\n"
TRAINING = "--mlip=train:lennard-jones:n=8"


@pytest.fixture
def frames(images: list[Atoms], dataset: Dataset) -> str:
    return "--dataset=" + dataset(images, CARD)


def models(cache: Path) -> list[Path]:
    return list(cache.glob("training/*/*.lj"))


@row("impossible training (number of frames, set, budget)")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("n=9", "between 1 and 8, got 9"),
        ("n=0", "a whole number from 1, got 0"),
        ("n=many", "n must be a whole number, found 'many'"),
        ("set=4", "there is no set 4"),
        ("budget=smok", "Did you mean 'smoke'?"),
        ("seed=-1", "seed"),
        ("epochs=3", "'epochs=3' is not one of n, set, seed, budget, split, dataset, "),
    ],
)
def test_an_impossible_training(judge: Judge, frames: str, options: str, words: str) -> None:
    assert words in judge(f"--mlip=train:mace:{options}", frames).text


@row(
    "foundation to start from that is missing, of another architecture, or compiled; for an "
    "architecture that cannot be fine-tuned; a strategy without what it needs"
)
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("mace:foundation=none.model", "foundation=none.model: "),
        ("nequip:foundation=m.model", "is a model of mace: expected one of nequip"),
        ("mace:foundation=compiled.model", "is compiled (TorchScript)"),
        ("mtp:foundation=m.model", "mtp cannot be fine-tuned. strategy=naive is possible for"),
        ("nequip:foundation=m.model,strategy=lora", "nequip knows naive only. strategy=lora is"),
        ("mace:foundation=m.model,strategy=replay", "replay=DATASET"),
        ("mace:foundation=m.model,replay=mgo-2x3", "mgo-2x2"),
        ("mace:strategy=naive", "needs the model to start from: foundation=FILE"),
    ],
)
def test_no_foundation(
    judge: Judge, pytester: pytest.Pytester, frames: str, options: str, words: str
) -> None:
    pretended_mace(pytester.path / "m.model")
    pretended_mace(pytester.path / "compiled.model", compiled=True)
    assert words in judge(f"--mlip=train:{options}", frames).text


@row("foundation that does not know an element of the frames")
@pytest.mark.mace
def test_a_foundation_without_an_element(
    judge: Judge, pytester: pytest.Pytester, tiny_mace: Path, dataset: Dataset
) -> None:
    (pytester.path / "m.model").write_bytes(tiny_mace.read_bytes())
    aluminium = []
    for seed in range(14):
        atoms = bulk("Al", cubic=True)
        atoms.rattle(0.1, seed=seed)
        atoms.info["REF_energy"] = float(seed)
        atoms.arrays["REF_forces"] = np.zeros((4, 3))
        aluminium.append(atoms)
    chosen = f"--dataset={dataset(aluminium, CARD)}"
    outcome = judge("--mlip=train:mace:n=8,foundation=m.model", chosen)
    assert "does not know Al" in outcome.reasons()
    assert "it knows Cr Fe Co Ni Cu" in outcome.reasons()


@pytest.mark.slow
@row("training whose loss becomes NaN")
def test_a_loss_that_becomes_nan(
    judge: Judge, frames: str, lennard_jones: Package, own_cache: Path
) -> None:
    spoiled = lennard_jones(advance="if self.epoch == 3: return float('nan')")
    outcome = judge(TRAINING, frames, **spoiled)
    assert "the training loss of step 3 is not a number: the model of step 2 is kept in" in (
        outcome.reasons()
    )
    assert models(own_cache) == []
    assert list(own_cache.glob("training/*/work/checkpoint.json"))
    assert "error" not in judge(TRAINING, frames, check=False, **lennard_jones()).verdicts


@row("disk full while training")
@pytest.mark.slow
def test_a_full_disk(judge: Judge, frames: str, lennard_jones: Package, own_cache: Path) -> None:
    full = lennard_jones(
        write_checkpoint="if progress['epoch'] == 3: import resource as r; "
        "r.setrlimit(r.RLIMIT_FSIZE, (20_000, 20_000)); path.write_bytes(bytes(30_000))"
    )
    outcome = judge(TRAINING, frames, **full)
    assert "File too large" in outcome.reasons()
    assert models(own_cache) == []
    again = judge(TRAINING, frames, check=False, **lennard_jones())
    assert re.search(r"continuing; [23] of 10 epochs are done", again.text)
    assert "error" not in again.verdicts


def started(frames: str, env: dict[str, str], *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ms25_suite", TRAINING, frames, *more],
        env=os.environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(found: Callable[[], Any]) -> None:
    end = time.monotonic() + 120
    while not found():
        assert time.monotonic() < end
        time.sleep(0.02)


@row("training that is killed, also while it saves")
@pytest.mark.parametrize("when", ["training", "saving"])
@pytest.mark.slow
def test_a_killed_training(
    judge: Judge,
    promise: Any,
    frames: str,
    lennard_jones: Package,
    own_cache: Path,
    when: str,
) -> None:
    """Killed with its parent, as by a batch system; or halfway through the model file."""
    work = own_cache / "training"
    slow = "import time; time.sleep(0.5)"
    # What it still does before it is ended with its parent comes too late.
    half = f"path.write_text('{{'); import os, time; {KILL_PYTEST}; time.sleep(60)"
    spoiled = lennard_jones(**({"advance": slow} if when == "training" else {"write_model": half}))
    with started(frames, spoiled) as process:
        if when == "training":
            wait_for(lambda: list(work.glob("*/work/checkpoint.json")))
            process.kill()
        assert process.wait(timeout=120) == -signal.SIGKILL
    assert models(own_cache) == []
    again = judge(TRAINING, frames, check=False, **lennard_jones())
    promise.checked = True
    assert "error" not in again.verdicts, again.text
    (model,) = models(own_cache)
    assert model.with_name(f"{model.name}.json").is_file()


@pytest.mark.slow
@row("two processes that need the same training")
def test_two_trainings(promise: Any, frames: str, lennard_jones: Package, own_cache: Path) -> None:
    # Long enough for the second process to start on a busy machine.
    slow = lennard_jones(advance="import time; time.sleep(0.6)")
    with started(frames, slow) as first:
        wait_for(lambda: list(own_cache.glob("training/*/lock")))
        with started(frames, slow, "--report-dir=other") as second:
            texts = [process.communicate(timeout=300)[0] for process in (first, second)]
    promise.checked = True
    assert [first.returncode, second.returncode] == [1, 1]
    assert ["another process runs the same training" in text for text in texts] == [False, True]
    assert len(models(own_cache)) == 1


def change(path: Path) -> None:
    """Another digit in the last number of a file of JSON."""
    text = path.read_text(encoding="utf-8")
    (place,) = [match.start() for match in re.finditer(r"\d", text)][-1:]
    path.write_text(text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :])


@row("model in the cache, or its sidecar, in which a byte changed")
@pytest.mark.parametrize("which", ["model", "sidecar"])
@pytest.mark.slow
def test_a_changed_model(
    judge: Judge, frames: str, lennard_jones: Package, own_cache: Path, which: str
) -> None:
    package = lennard_jones()
    first = judge(TRAINING, frames, **package)
    (model,) = models(own_cache)
    change(model if which == "model" else model.with_name(f"{model.name}.json"))
    again = judge(TRAINING, frames, **package)
    assert "training again" in again.text
    assert [r["value"] for r in again.results] == [r["value"] for r in first.results]


@row("checkpoint of an unfinished training in which a byte changed")
@pytest.mark.slow
def test_a_changed_checkpoint(
    judge: Judge, frames: str, lennard_jones: Package, own_cache: Path
) -> None:
    stopped = lennard_jones(advance="if self.epoch == 3: raise SystemExit('stopped')")
    judge(TRAINING, frames, check=False, **stopped)
    (checkpoint,) = own_cache.glob("training/*/work/checkpoint.json")
    change(checkpoint)
    again = judge(TRAINING, frames, **lennard_jones())
    assert "error" not in again.verdicts, again.reasons()


@row("model file that is not the one of its sidecar, or a damaged sidecar")
@pytest.mark.parametrize("which", ["model", "sidecar"])
@pytest.mark.slow
def test_a_sidecar_of_something_else(
    judge: Judge, frames: str, lennard_jones: Package, own_cache: Path, which: str
) -> None:
    package = lennard_jones()
    judge(TRAINING, frames, check=False, **package)
    (model,) = models(own_cache)
    sidecar = model.with_name(f"{model.name}.json")
    if which == "model":
        change(model)
    else:
        sidecar.write_text(sidecar.read_text()[:50])
    text = judge(f"--mlip={model}", frames, **package).text
    assert str(model) in text
