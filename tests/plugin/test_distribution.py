"""Which process of pytest-xdist runs which check."""

from __future__ import annotations

from pathlib import Path

import pytest

CALCULATOR = """
import os
from pathlib import Path
from ase.calculators.emt import EMT

with open("loads.txt", "a") as file:
    print(Path(__file__).stem, file=file)

calculator = EMT
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "loads"),
    [
        (["-n2"], {"one": 1, "two": 1}),
        # The three checks of each are dealt out one by one, as was asked for.
        (["-n2", "--dist=load"], {"one": 2, "two": 2}),
    ],
)
def test_a_potential_is_loaded_once(
    pytester: pytest.Pytester, cuni: Path, arguments: list[str], loads: dict[str, int]
) -> None:
    for name in ("one", "two"):
        (pytester.path / f"{name}.py").write_text(CALCULATOR)
    names = [f"--mlip={name}.py" for name in ("one", "two")]
    done = pytester.runpytest_subprocess(*names, f"--dataset={cuni}", *arguments)
    done.assert_outcomes(passed=6)
    found = (pytester.path / "loads.txt").read_text().split()
    assert {name: found.count(name) for name in ("one", "two")} == loads


def test_tests_of_the_project_are_dealt_out_as_ever(pytester: pytest.Pytester, cuni: Path) -> None:
    """A test without a potential is a group of its own; one with a mark is in its group."""
    pytester.makepyfile(
        test_own="""
        import os
        import time

        import pytest

        @pytest.mark.parametrize("number", range(8))
        def test_it(number):
            time.sleep(0.3)
            with open("free.txt", "a") as file:
                print(os.environ["PYTEST_XDIST_WORKER"], file=file)

        @pytest.mark.xdist_group("mine")
        @pytest.mark.parametrize("number", range(4))
        def test_group(number):
            with open("group.txt", "a") as file:
                print(os.environ["PYTEST_XDIST_WORKER"], file=file)
        """
    )
    options = ("--mlip=ase.calculators.emt:EMT", f"--dataset={cuni}", "-n2")
    done = pytester.runpytest_subprocess(*options, "test_own.py")
    done.assert_outcomes(passed=12)
    workers = {
        name: set((pytester.path / f"{name}.txt").read_text().split()) for name in ("free", "group")
    }
    assert len(workers["free"]) == 2
    assert len(workers["group"]) == 1
