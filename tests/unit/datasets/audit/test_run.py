from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.frames import Frames, Labels
from ms25_suite.datasets.audit.run import audit_frames, findings_of, frame_digests


@pytest.fixture(scope="module")
def copper() -> tuple[Frames, Labels]:
    """Copper by EMT at volumes from -6 to +6 %: positive modulus, stress in eV/Å^3."""
    rng = np.random.default_rng(5)
    images, energy, forces, stress = [], [], [], []
    for scale in np.repeat(np.linspace(0.98, 1.02, 10), 4):
        atoms = bulk("Cu", a=3.6 * scale, cubic=True) * (2, 2, 2)
        atoms.rattle(0.05, rng=rng)
        atoms.calc = EMT()
        images.append(atoms)
        energy.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
        stress.append(atoms.get_stress())
    labels = Labels(np.array(energy), np.concatenate(forces), np.array(stress))
    return Frames.from_atoms(images), labels


def test_sound_frames_have_no_findings(copper: tuple[Frames, Labels]) -> None:
    frames, labels = copper
    answers = audit_frames(frames, labels, frame_digests(frames))
    assert findings_of(answers) == ()
    # Most of the energy differences is work of the forces.
    assert [answer.code for answer in answers if answer.status != "ok"] == ["stress-work"]
