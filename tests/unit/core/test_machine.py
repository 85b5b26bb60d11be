"""The record of the machine and of the packages."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version

import pytest

from ms25_suite.core import machine as module
from ms25_suite.core.machine import available_cores, machine, packages, processor_features


def test_the_record_is_json_and_complete() -> None:
    here = machine()
    found = here.to_dict()
    assert json.loads(json.dumps(found)) == found
    assert list(found) == ["platform", "cpu", "n_cpu", "memory_gb", "gpu", "python"]
    assert here.n_cpu == available_cores()
    assert 1 <= available_cores() <= (os.cpu_count() or 1)
    assert here.python == platform.python_version()
    assert here.cpu
    assert here.memory_gb is None or here.memory_gb > 0.1


def test_without_the_files_of_linux_there_is_still_a_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(module.Path, "read_text", missing)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "sysconf", missing)
    found = machine()
    assert found.cpu == (platform.processor() or platform.machine())
    assert (found.memory_gb, found.gpu) == (None, None)
    assert found.n_cpu == available_cores() == os.cpu_count()
    assert processor_features()[:2] == [platform.system(), platform.machine()]


def test_installed_packages_have_their_versions() -> None:
    found = packages()
    assert found["numpy"] == version("numpy")
    assert found["ase"] == version("ase")


def test_absent_packages_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PACKAGES", ("numpy", "no-such-distribution"))
    assert list(packages()) == ["numpy"]


def test_the_features_of_a_processor_do_not_depend_on_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = iter(["model name: x\nflags\t: sse fma\n", "flags : fma sse\n", "Features: a\n"])
    monkeypatch.setattr(module.Path, "read_text", lambda *_, **__: next(texts))
    assert processor_features()[2] == "fma sse"
    assert processor_features()[2] == "fma sse"
    assert processor_features()[2] == "a"
