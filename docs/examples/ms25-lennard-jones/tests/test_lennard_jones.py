"""What every architecture must pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.architectures.testing import ArchitectureConformance


class TestLennardJones(ArchitectureConformance):
    """The adapter against ASE's calculator."""

    architecture = "lennard-jones"

    @pytest.fixture(scope="class")
    @classmethod
    def model_file(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """A model of nickel and copper."""
        path = tmp_path_factory.mktemp("model") / "nickel-copper.lj"
        path.write_text('{"lennard-jones": {"epsilon": 0.3, "sigma": 2.2, "cutoff": 5.0}}')
        return path

    @pytest.fixture(scope="class")
    @classmethod
    def calculator_source(cls) -> str:
        """ASE's calculator with the same parameters."""
        return (
            "from ase.calculators.lj import LennardJones\n"
            "calculator = LennardJones(epsilon=0.3, sigma=2.2, rc=5.0)\n"
        )
