"""Untrained potentials, read by motep."""

from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.architectures.mtp.template import LEVELS, template
from ms25_suite.core.errors import TrainingError

pytestmark = pytest.mark.mtp
pytest.importorskip("motep")

# Scalar moments of each level, as in the templates of MLIP-2 (untrained_mtps/08.mtp, …).
N_SCALARS = {2: 1, 4: 2, 6: 5, 8: 9, 10: 16, 12: 29}


@pytest.mark.parametrize("level", N_SCALARS)
def test_number_of_moments(level: int) -> None:
    lines = dict(
        line.split(" = ", 1)
        for line in template(level, 2, 1.9, 5.0, 8).splitlines()
        if " = " in line
    )
    assert int(lines["alpha_scalar_moments"]) == N_SCALARS[level]
    assert len(lines["alpha_moment_mapping"].split(",")) == N_SCALARS[level]


def test_motep_reads_it(tmp_path: Path) -> None:
    from motep.io.mlip.mtp import read_mtp

    path = tmp_path / "untrained.mtp"
    path.write_text(template(6, 3, 1.9, 5.0, 7))
    data = read_mtp(path)
    assert data.species_count == 3
    assert (data.radial_basis.min, data.radial_basis.max) == (1.9, 5.0)
    assert data.radial_basis.size == 7


@pytest.mark.parametrize("level", [7, 26])
def test_a_level_that_motep_lacks(level: int) -> None:
    with pytest.raises(TrainingError, match=rf"no MTP of level {level}: motep has .*{LEVELS[-1]}"):
        template(level, 2, 1.9, 5.0, 8)
