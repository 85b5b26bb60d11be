"""The labelled path; the path itself takes minutes, and is compared with the shipped one."""

from __future__ import annotations

from pathlib import Path

import pytest
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES
from ms25_suite.reference.builder import Run
from ms25_suite.reference.reaction import neb
from ms25_suite.reference.reaction.path import reference_path
from ms25_suite.reference.reaction.surface import N_FIXED


class Shipped(SinglePointCalculator):
    """The shipped labels of an image."""

    def clean(self) -> None:
        self.results = {}


class Copper(EMT):
    """Labels of another potential; Pt, C and H are elements of EMT."""

    def clean(self) -> None:
        self.reset()


def test_images_get_labels_and_the_numbers_of_the_path() -> None:
    images = reference_path()
    expected = [dict(image.info) for image in images]
    for image in images:
        forces = image.arrays[REF_FORCES]
        image.calc = Shipped(image, energy=image.info[REF_ENERGY], forces=forces)
    frames = neb.labelled_path(images, Copper)
    assert len(frames) == neb.N_IMAGES
    for number, (atoms, info) in enumerate(zip(frames, expected, strict=True)):
        assert atoms.info["image"] == number
        assert atoms.info["kind"] == info["kind"]
        for key in ("distance_A", "barrier_eV", "reaction_energy_eV"):
            assert atoms.info[key] == pytest.approx(info[key], abs=2e-4)
        assert atoms.info["config_type"] == "reaction-neb"
        assert atoms.info[REF_ENERGY] != info[REF_ENERGY]
        assert atoms.constraints[0].index.tolist() == list(range(N_FIXED))


@pytest.mark.lammps
def test_plan_is_one_job(tmp_path: Path) -> None:
    pytest.importorskip("lammps")
    plan = neb.plan(Run(tmp_path / "x.extxyz"))
    (job,) = plan.jobs
    assert job.n_frames == neb.N_IMAGES
    assert set(plan.settings) == {"path", "potential", "lammps"}


def test_bad_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceCalculatorError, match="found no file"):
        neb.build(tmp_path / "x.extxyz", potential_file=tmp_path / "missing")
    with pytest.raises(UsageError, match="`workers`"):
        neb.build(tmp_path / "x.extxyz", workers=0)
    assert list(tmp_path.iterdir()) == []
