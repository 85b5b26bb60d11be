from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ms25_suite import __version__
from ms25_suite.cli.main import main
from ms25_suite.core.errors import UsageError


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"ms25-suite {__version__}\n"


def test_errors_of_the_suite_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        msg = "there is no such thing"
        raise UsageError(msg)

    monkeypatch.setattr("ms25_suite.cli.report.run", fail)
    assert main(["report", "x"]) == 1
    assert capsys.readouterr().err == "ms25: there is no such thing\n"


def test_an_interruption_ends_as_a_shell_reports_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("ms25_suite.cli.report.run", stop)
    assert main(["report", "x"]) == 130
    assert "what was finished is kept" in capsys.readouterr().err


def test_a_potential_is_handed_to_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    monkeypatch.setattr("pytest.main", lambda arguments: given.extend(arguments) or 5)
    assert main(["--mlip=x", "--dataset=y"]) == 5
    assert given[0] == "-c"
    assert given[1].endswith("pytest.ini")
    assert given[-2:] == ["--mlip=x", "--dataset=y"]


def test_alone_it_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "campaign            many trainings" in capsys.readouterr().err


def test_options_of_the_checks_without_a_potential(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--dataset=hea"])
    assert ended.value.code == 2
    assert "expected a command, or --mlip=… to run the checks; found --dataset=hea" in (
        capsys.readouterr().err
    )


COMMANDS = ("data", "env", "train", "report", "compare", "schema")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: ms25 {name}" in capsys.readouterr().out


ASCII = (
    {"PYTHONIOENCODING": "ascii"},
    {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
)


@pytest.mark.parametrize("variables", ASCII, ids=["ascii", "C"])
def test_a_terminal_without_utf8_stays_readable(variables: dict[str, str]) -> None:
    command = [sys.executable, "-m", "ms25_suite", "data", "show", "mgo-2x2"]
    ended = subprocess.run(command, capture_output=True, env={**os.environ, **variables})
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.isascii()
    assert b" A" in ended.stdout
    assert b"\\x" not in ended.stdout


@pytest.mark.parametrize("name", ["\x1b[31mred", "new\nline", "\u202eexe"])
def test_a_name_in_a_message_is_harmless(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "show", name]) == 1
    err = capsys.readouterr().err
    assert [char for char in err if not char.isprintable() and char != "\n"] == []


def test_a_folder_that_cannot_be_used_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        raise NotADirectoryError(20, "Not a directory", "cache/training")

    monkeypatch.setattr("ms25_suite.cli.report.run", fail)
    assert main(["report", "x"]) == 1
    err = capsys.readouterr().err
    assert err == "ms25: cannot read or write: [Errno 20] Not a directory: 'cache/training'\n"
