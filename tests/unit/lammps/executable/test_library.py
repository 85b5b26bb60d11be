"""The library as a program, with a LAMMPS that records what it is told."""

from __future__ import annotations

import pytest

from ms25_suite.core.errors import LammpsNotInstalledError
from ms25_suite.lammps.executable import library


class Recorder:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def file(self, name: str) -> None:
        self.calls.append(f"file {name}")

    def close(self) -> None:
        self.calls.append("close")


def test_the_input_file_is_read_and_the_rest_goes_to_lammps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[list[str]] = []
    recorder = Recorder()

    def open_lammps(arguments: list[str]) -> Recorder:
        opened.append(arguments)
        return recorder

    monkeypatch.setattr(library, "open_lammps", open_lammps)
    assert library.main(["-nocite", "-in", "in.lammps", "-log", "none"]) == 0
    assert opened == [["-nocite", "-log", "none"]]
    assert recorder.calls == ["file in.lammps", "close"]


def test_without_an_input_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    monkeypatch.setattr(library, "open_lammps", lambda arguments: recorder)
    assert library.main(["-h"]) == 0
    assert recorder.calls == ["close"]


def test_a_missing_lammps_is_one_line_and_a_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def open_lammps(arguments: list[str]) -> Recorder:
        raise LammpsNotInstalledError("no LAMMPS here")

    monkeypatch.setattr(library, "open_lammps", open_lammps)
    assert library.main([]) == 1
    assert capsys.readouterr().err == "no LAMMPS here\n"
