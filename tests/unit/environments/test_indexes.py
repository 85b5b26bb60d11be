from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ms25_suite.core.errors import EnvironmentSetupError
from ms25_suite.environments.indexes import PipOptions, PipSettings, pip_settings


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings of this machine do not count: those of a file do."""
    for name in ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "CERT", "CONSTRAINT"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))


def test_settings_of_a_file_and_of_variables(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://one.example/simple\nfind-links = /wheels\n  /more\n"
        "constraint = /some/constraints.txt\ntrusted-host = one.example\n"
        "[install]\nextra-index-url = https://two.example/simple\n"
        "[download]\nno-index = true\n"
    )
    monkeypatch.setenv("PIP_FIND_LINKS", "/others")
    monkeypatch.setenv("PIP_CERT", "/some/ca.pem")
    found = pip_settings(sys.executable)
    # A variable replaces what the file says; the section of another command does not count.
    assert found.options == PipOptions(
        "https://one.example/simple", ("https://two.example/simple",), ("/others",)
    )
    assert "/some/constraints.txt" in found.constraints
    assert "one.example" in found.trusted_hosts
    assert (found.no_index, found.certificates) == (False, "/some/ca.pem")


def test_an_option_replaces_the_index_and_adds_to_the_rest() -> None:
    settings = PipSettings(PipOptions("https://own", ("https://more",), ("/wheels",)))
    assert settings.under(PipOptions("https://asked", (), ("/mine",))) == PipOptions(
        "https://asked", ("https://more",), ("/wheels", "/mine")
    )
    assert settings.under(PipOptions()) == settings.options


def test_an_interpreter_without_pip_has_no_settings(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    assert pip_settings(str(python)) == PipSettings()


@pytest.mark.parametrize("text", ["import os", "open('/etc/passwd')", "'"])
def test_settings_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\ncat <<'END'\nglobal.index-url={text}\nEND\n")
    python.chmod(0o755)
    with pytest.raises(EnvironmentSetupError, match=r"the settings of pip .* cannot be read"):
        pip_settings(str(python))
