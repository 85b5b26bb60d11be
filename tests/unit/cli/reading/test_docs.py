from __future__ import annotations

import io
import subprocess
import sys

import pytest

from ms25_suite.cli.main import main
from ms25_suite.core.catalogue import built_in
from ms25_suite.core.documentation.pages import installed_pages
from tests.conftest import REPOSITORY

EOS = (REPOSITORY / "docs" / "checks" / "eos.md").read_text(encoding="utf-8").rstrip()


@pytest.fixture(autouse=True)
def _no_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ms25_suite.cli.reading.docs.site_address", lambda: "")


def test_elsewhere_than_in_a_terminal_it_is_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs", "eos"]) == 0
    assert capsys.readouterr().out.rstrip() == EOS


def test_the_address_on_the_web_is_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ms25_suite.cli.reading.docs.site_address", lambda: "https://a.org/x")
    for page, address in {"eos": "checks/eos.html", "ci": "ci.html"}.items():
        assert main(["docs", page]) == 0
        assert capsys.readouterr().out.endswith(f"\n\nOn the web: https://a.org/x/{address}\n")


def test_in_a_terminal_it_is_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    # Without a pager, which would wait for keys.
    monkeypatch.setattr("pydoc.pager", terminal.write)
    assert main(["docs", "eos"]) == 0
    shown = terminal.getvalue()
    assert "How to read a failure" in shown
    assert "## " not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_without_a_name_all_pages_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs"]) == 0
    listed = capsys.readouterr().out
    assert all(f"`{name}`: " in listed for name in {*installed_pages(), *built_in()})
    assert "`eos`: Is the minimum of the equation of state where the reference has it?" in listed


def test_an_unknown_page_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs", "eso"]) == 1
    assert "there is no page 'eso'. Did you mean 'eos'?" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m ms25_suite docs bad-input | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
