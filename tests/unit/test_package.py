"""The top of the package: light, and the door to the Python interface."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

import ms25_suite


def test_importing_the_package_imports_nothing_else() -> None:
    """It is imported in every pytest session of the environment."""
    program = (
        "import sys; before = set(sys.modules); import ms25_suite; dir(ms25_suite); "
        "print(sorted(set(sys.modules) - before - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    loaded = ast.literal_eval(done.stdout)
    assert [name for name in loaded if not name.startswith(("collections.", "typing."))] == [
        "ms25_suite"
    ]


def test_the_interface_is_imported_when_it_is_used() -> None:
    from ms25_suite.cli.python.interface import Results, judge

    assert ms25_suite.judge is judge
    assert ms25_suite.Results is Results
    assert {"judge", "Results"} <= set(dir(ms25_suite))


def test_any_other_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'jugde'"):
        ms25_suite.jugde  # noqa: B018
