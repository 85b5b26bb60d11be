"""Rows of the table "Predictions"."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io import read

from ms25_suite.core.frames import Frames
from tests.helpers.emt_data import labelled
from tests.helpers.guises import disguised, rattled
from tests.helpers.pretended_chgnet import pretended_chgnet
from tests.helpers.processes import is_alive
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Judge = Callable[..., Outcome]
Calc = Callable[..., str]
Dataset = Callable[..., str]


@row("predictions that are NaN, infinite, or so large that the square of their error overflows")
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("results['energy'] = np.nan", "energy that are not finite"),
        ("results['forces'][2, 1] = np.inf", "forces that are not finite"),
        ("results['stress'][0] = np.nan", "stress that are not finite"),
        ("results['forces'] *= 1e200", "square of their error overflows"),
    ],
)
def test_numbers_that_are_none(judge: Judge, cuni: Path, calc: Calc, body: str, words: str) -> None:
    potential = calc(f"if Calculator.frame in (4, 8): {body}")
    reasons = judge(f"--mlip={potential}", f"--dataset={cuni}").reasons()
    assert words in reasons
    assert "frame numbers, counted from 0: 3, 7" in reasons


@row("predictions of a wrong shape")
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("results['forces'] = np.zeros((2, 3))", r"forces has shape \(2, 3\).*expected \(16, 3\)"),
        ("results['energy'] = np.zeros(4)", r"energy has shape \(4,\).*expected one number"),
        ("results['stress'] = np.zeros(3)", r"stress has shape \(3,\).*expected \(6,\)"),
    ],
)
def test_wrong_shapes(judge: Judge, cuni: Path, calc: Calc, body: str, words: str) -> None:
    reasons = judge(f"--mlip={calc(body)}", f"--dataset={cuni}").reasons()
    assert re.search(words, reasons)


@row("error for one description of a structure only, such as a left-handed cell")
def test_one_description_that_is_refused(judge: Judge, cuni: Path, calc: Calc) -> None:
    potential = calc("assert np.linalg.det(self.atoms.cell.array) > 0, 'right-handed cells only'")
    outcome = judge(f"--mlip={potential}", f"--dataset={cuni}", "-m", "consistency")
    failed = [r["quantity"] for r in outcome.results if r["verdict"] == "fail"]
    assert "cell_choice" in failed
    assert "right-handed cells only" in outcome.reasons("fail")
    assert "pass" in outcome.verdicts


@row("worker process killed or crashed")
@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "os.abort()", "os._exit(0)"])
def test_a_worker_that_dies(
    judge: Judge, cuni: Path, images: list[Atoms], dataset: Dataset, calc: Calc, end: str
) -> None:
    """All checks of that dataset are affected; the next one is judged by a new worker."""
    few = dataset([atoms[[0]] + atoms[1:] for atoms in images], name="again")
    potential = calc(
        f"if len(self.atoms) == 16 and not os.path.exists('dead'):\n"
        f"            open('dead', 'w').close(); print('last words', flush=True); {end}"
    )
    outcome = judge(f"--mlip={potential}", f"--dataset={cuni}", f"--dataset={few}")
    by_dataset = {
        name: {
            r["verdict"] for r in outcome.results if r["dataset"] == name and r["metric"] == "mae"
        }
        for name in ("cuni", "again")
    }
    assert by_dataset == {"cuni": {"error"}, "again": {"pass"}}
    assert re.search(r"ended unexpectedly.*last words", outcome.reasons(), re.DOTALL)


@row("worker that hangs")
def test_a_worker_that_hangs(judge: Judge, cuni: Path, calc: Calc) -> None:
    potential = calc("os.system('echo $$ > child; exec sleep 600')")
    outcome = judge(f"--mlip={potential}", f"--dataset={cuni}", "--worker-timeout=5")
    assert "did not answer within 5 s" in outcome.reasons()
    assert "raise --worker-timeout" in outcome.reasons()
    assert not is_alive(int(Path("child").read_text()))


@row("calculator that has a stress for some periodic frames only")
@pytest.mark.parametrize("body", ["results.pop('stress')", "results['stress'] = None"])
def test_a_stress_for_some(judge: Judge, cuni: Path, calc: Calc, body: str) -> None:
    # ASE asks a second time for what is not among the results.
    potential = calc(f"if Calculator.frame >= 8: {body}")
    reasons = judge(f"--mlip={potential}", f"--dataset={cuni}").reasons()
    assert "stress" in reasons
    assert "frame numbers, counted from 0: 7" in reasons


@row("error whose text cannot be encoded, or cannot be made; `sys.exit` in a calculator")
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (r"raise ValueError('bad \udcff name')", r"bad \xff name"),
        ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})()", "Odd"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
    ids=["encoding", "text", "exit"],
)
def test_odd_errors(judge: Judge, cuni: Path, calc: Calc, body: str, words: str) -> None:
    outcome = judge(f"--mlip={calc(body)}", f"--dataset={cuni}", "--worker-timeout=60")
    assert words in outcome.reasons()


@row("cached prediction in which a byte changed, that is cut off, or that belongs to other frames")
@pytest.mark.parametrize("damage", ["byte", "cut", "other"])
@pytest.mark.slow
def test_a_damaged_prediction(
    judge: Judge,
    cuni: Path,
    images: list[Atoms],
    dataset: Dataset,
    lennard_jones: Any,
    model: str,
    own_cache: Path,
    damage: str,
) -> None:
    package = lennard_jones()
    arguments = (f"--mlip={model}", f"--dataset={cuni}")
    first = judge(*arguments, **package)
    (kept,) = own_cache.glob("predictions/*/*/*.npz")
    whole = kept.read_bytes()
    if damage == "other":
        for atoms in images:
            atoms.positions *= 1.001
        judge(f"--mlip={model}", f"--dataset={dataset(images)}", **package)
        (other,) = set(own_cache.glob("predictions/*/*/*.npz")) - {kept}
        kept.write_bytes(other.read_bytes())
    else:
        middle = len(whole) // 2
        changed = bytes([*whole[:middle], whole[middle] ^ 1, *whole[middle + 1 :]])
        kept.write_bytes(changed if damage == "byte" else whole[:middle])
    again = judge(*arguments, **package)
    assert [r["value"] for r in again.results] == [r["value"] for r in first.results]
    assert kept.name in again.text


@row("frames that a framework cannot predict, in a batch with others")
def test_a_batch_of_a_framework(
    judge: Judge,
    cuni: Path,
    cuni_images: list[Atoms],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretended_chgnet(tmp_path, monkeypatch)
    largest = np.array([np.abs(atoms.arrays["REF_forces"]).max() for atoms in cuni_images])
    # Some frames in the first batch of four, not all of them.
    most = np.sort(largest[:4])[1]
    monkeypatch.setenv("PRETEND_MOST_FORCE", repr(float(most) + 1e-6))
    outcome = judge(
        "--mlip=chgnet", f"--dataset={cuni}", "--batch-atoms=64", "-m", "error_thresholds"
    )
    bad = np.flatnonzero(largest[:4] > most + 1e-6)
    assert "atoms are too close" in outcome.reasons()
    assert f"counted from 0: {', '.join(map(str, bad))}" in outcome.reasons()


@row("calculator that leaves processes behind")
@pytest.mark.skipif(sys.platform != "linux", reason="they leave its process group")
def test_a_daemon(judge: Judge, cuni: Path, calc: Calc) -> None:
    potential = calc(
        "import subprocess, sys\n"
        "        if not os.path.exists('daemon'):\n"
        "            code = 'import time; time.sleep(300)'\n"
        "            made = subprocess.Popen([sys.executable, '-c', code], start_new_session=1)\n"
        "            open('daemon', 'w').write(str(made.pid))"
    )
    outcome = judge(f"--mlip={potential}", f"--dataset={cuni}")
    assert outcome.verdicts == {"pass"}
    assert not is_alive(int(Path("daemon").read_text()))


@pytest.mark.slow
@row("batch that does not fit into the memory")
def test_little_memory(judge: Judge, cuni: Path, lennard_jones: Any, model: str) -> None:
    """The model has room for 40 atoms: two frames; then for 10, which is less than one."""
    little = "if len(graph.numbers) > {}: raise MemoryError('no room')"
    some = lennard_jones(evaluate=little.format(40))
    arguments = (f"--mlip={model}", f"--dataset={cuni}")
    outcome = judge(*arguments, check=False, **some)
    assert "error" not in outcome.verdicts
    assert {r["quantity"] for r in outcome.results} >= {"energy", "forces"}
    outcome = judge(*arguments, "--ms25-no-cache", **lennard_jones(evaluate=little.format(10)))
    assert "a frame of 16 atoms does not fit into the memory of the worker" in outcome.reasons()
    assert "--dtype=float32, a smaller cell or a larger machine" in outcome.reasons()


@row("cache that cannot be written")
def test_no_cache(
    judge: Judge, cuni: Path, lennard_jones: Any, model: str, own_cache: Path
) -> None:
    (own_cache / "predictions").touch()
    outcome = judge(f"--mlip={model}", f"--dataset={cuni}", **lennard_jones())
    assert "predictions could not be kept for the next run: " in outcome.warnings


@pytest.fixture
def trained(
    judge: Judge, images: list[Atoms], dataset: Dataset, lennard_jones: Any, own_cache: Path
) -> Path:
    """A potential that was trained on the first 8 frames, and chosen by the next 4."""
    card = "[splits]\ntrain = 8\nvalidation = 4\n"
    frames = dataset(images, card, name="training")
    arguments = ("--mlip=train:lennard-jones:n=8", f"--dataset={frames}")
    judge(*arguments, check=False, **lennard_jones())
    (model,) = own_cache.glob("training/*/*.lj")
    return model


@row("potential trained on all test frames")
def test_all_frames_seen(
    judge: Judge, images: list[Atoms], dataset: Dataset, lennard_jones: Any, trained: Path
) -> None:
    listed = json.loads(trained.with_name(f"{trained.name}.json").read_text())["seen_frames"]
    stored = read("training.extxyz", ":")
    fingerprints = [digest.hex() for digest in Frames.from_atoms(stored).fingerprints()]
    seen = dataset(
        [atoms for atoms, own in zip(images, fingerprints, strict=True) if own in listed],
        name="seen",
    )
    outcome = judge(f"--mlip={trained}", f"--dataset={seen}", **lennard_jones())
    assert "was trained on all 12 test frames of seen" in outcome.reasons()


@row("potential trained on some of the test frames")
def test_some_frames_seen(
    judge: Judge, images: list[Atoms], dataset: Dataset, lennard_jones: Any, trained: Path
) -> None:
    outcome = judge(f"--mlip={trained}", f"--dataset={dataset(images[::-1])}", **lennard_jones())
    assert "12 of 30 test frames are left out" in outcome.warnings
    assert {r["n_frames"] for r in outcome.results if r["metric"] == "mae"} == {18}


@row(
    "test frames that are training frames in another guise (rotated, another cell, another order "
    "of atoms), or displaced a little"
)
def test_training_frames_in_another_guise(
    judge: Judge, images: list[Atoms], dataset: Dataset, lennard_jones: Any, trained: Path
) -> None:
    listed = json.loads(trained.with_name(f"{trained.name}.json").read_text())["seen_frames"]
    stored = read("training.extxyz", ":")
    prints = [digest.hex() for digest in Frames.from_atoms(stored).fingerprints()]
    seen = [atoms for atoms, own in zip(images, prints, strict=True) if own in listed]
    assert len(seen) == 12
    guises = [labelled(guise) for atoms in seen[:2] for guise in disguised(atoms).values()]
    moved = [labelled(rattled(atoms, 0.02, k)) for k, atoms in enumerate(seen)]
    arguments = (f"--mlip={trained}", "--dataset=mixed.extxyz")
    dataset([*images, *guises, *moved], name="mixed")
    outcome = judge(*arguments, "-m", "error_thresholds", **lennard_jones())
    warnings = " ".join(outcome.warnings.split())
    assert "32 % of the test frames (14 of 44) are frames of the training but for" in warnings
    assert "59 % of the test frames (26 of 44) are near-duplicates" in warnings
    (details,) = {
        (d["n_frames"], d["n_near"], d["n_copies"])
        for result in outcome.results
        if (d := (result.get("details") or {}).get("by_distance"))
    }
    assert details == (44, 26, 14)
    page = Path("reports/report.html").read_text()
    assert "mixed, by the distance to the training" in page
