"""The builder: options of the plan, and what happens around it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ase.io import read

from ms25_suite.core.errors import UsageError
from ms25_suite.reference.builder import Builder, Run
from ms25_suite.reference.jobs import Plan
from tests.unit.reference.test_jobs import Rattled


def plan(
    element: str, run: Run, *, n_frames: int = 2, seed: int = 25, finish: Callable[[], None] = print
) -> Plan:
    assert element == "Cu"
    settings = {"n_frames": n_frames, "seed": seed}
    jobs = [Rattled(seed, n_frames, run.out.with_name("log"))]
    return Plan("Cu frames", jobs, settings, finish)


build = Builder(partial(plan, "Cu"))


def test_file_is_written_before_the_plan_is_finished(tmp_path: Path) -> None:
    out = tmp_path / "cu.extxyz"
    sizes: list[int] = []
    finish = partial(_note_size, out, sizes)
    assert build(out, n_frames=3, workers=1, progress=False, finish=finish) == out
    assert sizes == [3]
    assert (tmp_path / "log").read_text() == "25\n"


def _note_size(out: Path, sizes: list[int]) -> None:
    sizes.append(len(read(out, ":")))


def test_signature_has_the_options_of_the_plan_and_of_every_build() -> None:
    parameters = inspect.signature(build).parameters
    assert list(parameters) == ["out", "n_frames", "seed", "finish", "workers", "progress"]
    assert parameters["n_frames"].default == 2
    assert parameters["workers"].default is None
    assert parameters["progress"].default is True
    kinds = {parameter.kind for name, parameter in parameters.items() if name != "out"}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("name", ["n_frames", "workers"])
def test_numbers_below_one_are_refused_before_anything_is_planned(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(UsageError, match=f"`{name}` to be at least 1, found 0"):
        Builder(_never)(tmp_path / "cu.extxyz", **{name: 0})
    assert list(tmp_path.iterdir()) == []


def _never(run: Run, **options: Any) -> Plan:
    raise AssertionError


def test_unknown_option_is_an_error_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="n_compositions"):
        build(tmp_path / "cu.extxyz", n_compositions=3)


def test_intermediate_files_use_the_same_processes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "seeds.extxyz"
    run = Run(tmp_path / "cu.extxyz", workers=1, progress=False)
    plan = Plan("Cu seeds", [Rattled(0, 2, tmp_path / "log")], {})
    assert run.stage(out, lambda: plan) == out
    assert len(read(out, ":")) == 2
    assert capfd.readouterr().err == ""


def test_an_intermediate_file_is_made_once_unless_it_is_damaged(tmp_path: Path) -> None:
    out = tmp_path / "seeds.extxyz"
    run = Run(tmp_path / "cu.extxyz", workers=1, progress=False)
    run.stage(out, lambda: Plan("", [Rattled(0, 1, tmp_path / "log")], {}))
    whole = out.read_bytes()
    run.stage(out, _refuse)
    for change in (whole.replace(b"1", b"2", 1), whole[:-40]):
        out.write_bytes(change)
        run.stage(out, lambda: Plan("", [Rattled(0, 1, tmp_path / "log")], {}))
        assert out.read_bytes() == whole
    assert (tmp_path / "log").read_text().split() == ["0"] * 3


def _refuse() -> Plan:
    raise AssertionError
