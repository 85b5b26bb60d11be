from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.errors import UsageError
from ms25_suite.potentials.variants.model_options import ModelOptions, split_model_options


@pytest.mark.parametrize(
    ("text", "file", "options"),
    [
        ("a.model", "a.model", ""),
        ("runs/a.model:head=pbe,tf32=on", "runs/a.model", "head=pbe,tf32=on"),
        ("a.model:head=*", "a.model", "head=*"),
        ("a:b.model:backend=cueq", "a:b.model", "backend=cueq"),
        # A folder, not options.
        ("a:x=1/b.model", "a:x=1/b.model", ""),
        ("package.module:factory", "package.module:factory", ""),
    ],
)
def test_options_stand_behind_the_last_colon(text: str, file: str, options: str) -> None:
    assert split_model_options(text) == (file, options)


def test_a_file_of_such_a_name_is_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.model:head=pbe").touch()
    assert split_model_options("a.model:head=pbe") == ("a.model:head=pbe", "")


def test_what_is_read_is_written() -> None:
    options = ModelOptions.parse("tf32=off,head=pt_head,backend=oeq", "--mlip=x")
    assert options == ModelOptions("pt_head", "oeq", "off")
    assert options.text == "head=pt_head,backend=oeq,tf32=off"
    assert options.label == "pt_head-oeq-tf32-off"
    assert ModelOptions.parse("", "--mlip=x") == ModelOptions()
    assert ModelOptions().text == ModelOptions().label == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("haed=pbe", "'haed=pbe' is not one of head=NAME, .* Did you mean 'head'"),
        ("head=", "'head=' is not one of"),
        ("head", "'head' is not one of"),
        ("head=a,head=b", "head is given twice"),
        ("tf32=maybe", "tf32 is on or off, found 'maybe'"),
    ],
)
def test_nonsense_is_explained(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=f"^--mlip=x: {words}"):
        ModelOptions.parse(text, "--mlip=x")
