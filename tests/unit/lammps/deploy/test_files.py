"""Deployed files in the cache, made by a tool that is always there: Python's own for JSON."""

from __future__ import annotations

import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import DeployError, UsageError
from ms25_suite.environments.installation import Installation
from ms25_suite.lammps.deploy import files, targets
from ms25_suite.lammps.deploy.files import deployed
from ms25_suite.lammps.deploy.targets import Target
from ms25_suite.lammps.process import Ended, run_program

PLACE = Installation()


_DIE = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"


def target(name: str, *code: str, **values: bool) -> Target:
    """A tool that reformats JSON, or does something else."""
    return Target(
        name=name,
        architectures=("toy",),
        suffix=".json.out",
        distributions=("numpy",),
        arguments=lambda model, out, *_: code or ("-m", "json.tool", str(model), str(out)),
        advice="Ask a friend",
        **values,
    )


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "cache"))
    nothing = ("-m", "this")
    added = (
        target("plain"),
        target("native", native=True),
        target("any", any_dtype=True),
        target("nothing", *nothing),
        target(
            "sleeps", "-m", "timeit", "-n", "1", "-r", "1", "-s", "import time", "time.sleep(9)"
        ),
        target("asks", "-m", "code", "-q"),
        replace(target("heads"), head_option="--indent="),
        target("dies", "-m", "timeit", "-n1", "-r1", _DIE),
        replace(target("loads", "-m", "timeit", "-n1", "-r1", _DIE), if_it_crashes="Try a walk"),
    )
    monkeypatch.setattr(targets, "TARGETS", (*targets.TARGETS, *added))
    path = tmp_path / "a model.json"
    path.write_text('{"a": 1}')
    return path


def make(model: Path, name: str = "plain", place: Installation = PLACE, **options: object) -> Path:
    return deployed(model, name, "toy", place, **options)


@pytest.mark.parametrize(("name", "advice"), [("dies", "Ask a friend"), ("loads", "Try a walk")])
def test_a_crash_is_said(model: Path, name: str, advice: str) -> None:
    with pytest.raises(DeployError, match=rf"timeit of .* crashed \(SIGSEGV\)\. {advice}\."):
        make(model, name)


def test_a_file_is_made_once(model: Path) -> None:
    made = make(model)
    assert json.loads(made.read_text()) == {"a": 1}
    assert made.name == "model.json.out"
    first = made.stat().st_mtime_ns
    assert make(model) == made
    assert made.stat().st_mtime_ns == first
    assert {path.name for path in made.parent.iterdir()} == {made.name, "record.json", ".lock"}


def test_another_model_device_or_version_gets_a_file_of_its_own(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "numpy-9.9.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 9.9\n")
    elsewhere = Installation(Path(sys.executable), tmp_path)
    found = {make(model), make(model, device="cuda"), make(model, "native")}
    found.add(make(model, place=elsewhere))
    monkeypatch.setattr(files, "processor_features", lambda: ["an abacus"])
    found.add(make(model, "native"))
    assert make(model) in found
    assert make(model, device="cuda:1") in found
    assert make(model, dtype="float32") in found
    found |= {make(model, "any"), make(model, "any", dtype="float32")}
    model.write_text('{"b": 2}')
    found.add(make(model))
    assert len(found) == 8


def exchange(made: Path) -> None:
    """Take file and record of another model."""
    model = made.parents[2] / "another.json"
    model.write_text('{"z": 1}')
    other = make(model)
    for path in (other, other.with_name("record.json")):
        shutil.copy(path, made.parent / path.name.replace(other.name, made.name))


def test_each_head_gets_a_file_of_its_own(model: Path) -> None:
    texts = {head: make(model, "heads", head=head).read_text() for head in ("", "1", "2")}
    assert texts == {head: texts[""].replace("    ", " " * int(head or 4)) for head in texts}
    assert len(set(texts.values())) == 3
    with pytest.raises(DeployError, match="no file plain can be made of one head"):
        make(model, head="1")


def test_a_change_that_leaves_the_times_is_noticed(model: Path) -> None:
    made = make(model)
    age = made.stat().st_mtime_ns - 10**10
    os.utime(made, ns=(age, age))
    make(model)
    made.write_text(made.read_text().replace("1", "2"))
    os.utime(made, ns=(age, age))
    assert json.loads(make(model).read_text()) == {"a": 1}


DAMAGES = {
    "torn": lambda made: made.write_text(made.read_text()[:3]),
    "gone": lambda made: made.unlink(),
    "no record": lambda made: made.with_name("record.json").unlink(),
    "bad record": lambda made: made.with_name("record.json").write_text('{"sha256": '),
    "old record": lambda made: made.with_name("record.json").write_text("[]"),
    "unsealed record": lambda made: made.with_name("record.json").write_text(
        json.dumps({"sha256": file_sha256(made)})
    ),
    "of another file": lambda made: exchange(made),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_made_anew(name: str, model: Path) -> None:
    made = make(model)
    DAMAGES[name](made)
    assert make(model) == made
    assert json.loads(made.read_text()) == {"a": 1}
    assert json.loads(made.with_name("record.json").read_text())["target"] == "plain"


def test_two_at_a_time_make_one_file(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []

    def counted(*arguments: Any, **options: Any) -> Ended:
        runs.append(arguments)
        return run_program(*arguments, **options)

    monkeypatch.setattr(files, "run_program", counted)
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(make, [model] * 4))
    assert len(found) == len(runs) == 1


def test_what_the_tool_says_last_is_told(model: Path) -> None:
    model.write_text('{"a": ]}')
    message = r"file plain .* json\.tool of .* status 1\. Ask a friend\. .*\n.*Expecting value"
    with pytest.raises(DeployError, match=message):
        make(model)
    model.write_text('{"a": 2}')
    assert make(model).is_file()


def test_a_tool_that_writes_nothing_is_noticed(model: Path) -> None:
    with pytest.raises(DeployError, match=r"wrote no file[^$]*Zen of Python[^$]*more of those!"):
        make(model, "nothing")


def test_a_tool_that_takes_too_long_is_ended(model: Path) -> None:
    with pytest.raises(DeployError, match=r"timeit .* did not end within 0\.5 s"):
        make(model, "sleeps", time_limit_s=0.5)


def test_a_question_of_a_tool_gets_no_answer(model: Path) -> None:
    with pytest.raises(DeployError, match="wrote no file"):
        make(model, "asks")


def test_nothing_is_left_of_a_failure(model: Path, tmp_path: Path) -> None:
    with pytest.raises(DeployError):
        make(model, "nothing")
    left = [path.name for path in (tmp_path / "cache" / "deployed").rglob("*") if path.is_file()]
    assert left == [".lock"]


def test_a_python_that_is_gone_is_named(model: Path, tmp_path: Path) -> None:
    place = Installation(tmp_path / "python", tmp_path)
    with pytest.raises(DeployError, match="could not be started"):
        make(model, place=place)


def test_a_missing_model_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"expected a model file at .*absent"):
        deployed(tmp_path / "absent.model", "pair_mace", "mace", PLACE)


def test_unknown_kinds_are_refused(model: Path) -> None:
    with pytest.raises(UsageError, match="'pair_nequip'; possible kinds: mliap, pair_mace"):
        deployed(model, "pair_nequip", "mace", PLACE)


def test_mtp_is_read_as_it_is(model: Path) -> None:
    assert deployed(model, "mlip", "mtp", PLACE) == model


def test_ani_has_no_tool(model: Path) -> None:
    with pytest.raises(DeployError, match=r"TorchANI 2\.9 has no tool.*fix external"):
        deployed(model, "pair_ani", "ani", PLACE)
