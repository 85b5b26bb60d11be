from __future__ import annotations

import pytest

from ms25_suite.plugin.options import OPTIONS, SHORT, is_given, long_name, written_out


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--mlip=a", "--dataset", "b"], ["--ms25-mlip=a", "--ms25-dataset", "b"]),
        (["--mlip=--dataset"], ["--ms25-mlip=--dataset"]),
        (["--mlip-compile", "-k", "mlip"], ["--ms25-mlip-compile", "-k", "mlip"]),
        (["--mlipx=3", "--ms25-mlip=a"], ["--mlipx=3", "--ms25-mlip=a"]),
        (["--", "--mlip=a"], ["--", "--mlip=a"]),
        # Taken by another.
        (["--device=x"], ["--device=x"]),
    ],
)
def test_short_names_are_written_out(given: list[str], expected: list[str]) -> None:
    free = [name for name in SHORT if name != "--device"]
    assert written_out(given, free) == expected
    assert written_out(expected, free) == expected


def test_each_has_a_name_of_its_own() -> None:
    names = {long_name(name) for name in OPTIONS}
    assert len(names) == len(OPTIONS)
    assert all(name.startswith("--ms25-") for name in names)
    assert not any("ms25" in name for name in SHORT)


def test_a_session_of_others_is_recognised() -> None:
    assert is_given(["-q", "--mlip=a"])
    assert is_given(["--ms25-seed", "3"])
    # Common words without a potential or a dataset are somebody else's.
    assert not is_given(["--data", "tests", "--workers=4"])
    assert not is_given(["-q", "--mlip-like", "test_mlip.py", "--", "--devices=1"])
