from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.errors import CardError, DatasetError, LabelError
from ms25_suite.core.units import GPA_PER_EV_PER_A3
from ms25_suite.datasets import Dataset, open_dataset
from ms25_suite.datasets.readers.files import read_images
from ms25_suite.metrics.eos import fit_eos
from tests.helpers.strained import RATIOS, named, strained, without

EOS = '[eos]\nfiles = "eos.extxyz"\n'


def test_curves_of_a_user(own: Callable[..., Dataset]) -> None:
    first = named(strained("Cu4", 3.6), alloy="a")
    second = named(strained("Cu3Ni", 3.55), alloy=7)
    # In any order, and mixed.
    mixed = [image for pair in zip(first[::-1], second, strict=True) for image in pair]
    table = EOS + 'curve_key = "alloy"\nobservable = "lattice_constant"\natoms_per_cell = 4'
    eos = own(table, {"eos.extxyz": mixed}).eos()
    assert eos is not None
    assert [curve.name for curve in eos.curves] == ["a", "7"]
    assert len(eos.frames) == 14
    assert eos.labels.energy is not None
    for curve, images, a in zip(eos.curves, (first, second), (3.6, 3.55), strict=True):
        np.testing.assert_allclose(curve.volumes, a**3 * RATIOS)
        np.testing.assert_allclose(curve.energies, [atoms.info["REF_energy"] for atoms in images])
        np.testing.assert_array_equal(eos.labels.energy[curve.indices], curve.energies)
        np.testing.assert_array_equal(eos.frames.volumes[curve.indices], curve.volumes)
        np.testing.assert_array_equal(curve.frames.numbers[:4], images[0].numbers)
        assert (curve.n_atoms, curve.relaxed, curve.fit) == (4, False, None)
        fit = fit_eos(curve.volumes, curve.energies)
        assert eos.config.observed(fit.v0, curve.n_atoms) == pytest.approx(a, abs=1e-7)


def test_a_curve_in_the_units_of_the_card(own: Callable[..., Dataset]) -> None:
    images = strained("Cu4", 3.6)
    expected = [atoms.info["REF_energy"] for atoms in images]
    for atoms in images:
        atoms.info["REF_energy"] *= 1000
    units = '[labels]\nunits = { energy = "meV" }\n'
    eos = own(f"{EOS}{units}", {"eos.extxyz": images}).eos()
    assert eos is not None
    np.testing.assert_allclose(eos.curves[0].energies, expected)


def test_one_curve_needs_no_name_and_two_files_are_one_reference(
    own: Callable[..., Dataset],
) -> None:
    images = strained()
    table = '[eos]\nfiles = ["a.extxyz", "b.traj"]'
    eos = own(table, {"a.extxyz": images[:3], "b.traj": images[3:]}).eos()
    assert eos is not None
    assert [(curve.name, len(curve.volumes)) for curve in eos.curves] == [("mine", 7)]
    assert len(eos.sha256) == 2


def test_what_frames_say_of_their_curve(own: Callable[..., Dataset]) -> None:
    fit = {"v0_A3": 46.656, "e0_eV": -14.0, "b0_eV_A3": 0.9, "b0_prime": 5.0}
    images = named(strained(), curve="x", relaxed=True, **fit)
    eos = own(EOS, {"eos.extxyz": images}).eos()
    assert eos is not None
    (curve,) = eos.curves
    assert curve.relaxed is True
    assert curve.fit is not None
    assert (curve.fit.v0, curve.fit.e0, curve.fit.b0, curve.fit.b0_prime) == tuple(fit.values())


def test_label_keys_of_the_card_hold_for_curves(
    own: Callable[..., Dataset], tmp_path: Path
) -> None:
    images = strained()
    for atoms in images:
        atoms.info["dft"] = atoms.info.pop("REF_energy")
    frame = next(read_images(tmp_path / "frames.extxyz"))
    frame.info["dft"] = frame.info["REF_energy"]
    table = '[labels]\nenergy = "dft"\n' + EOS
    eos = own(table, {"eos.extxyz": images, "frames.extxyz": [frame]}).eos()
    assert eos is not None
    np.testing.assert_allclose(eos.curves[0].energies, [atoms.info["dft"] for atoms in images])


def altered(images: list[Atoms], index: int, **info: object) -> list[Atoms]:
    images[index].info.update(info)
    return images


def with_cell_open(images: list[Atoms]) -> list[Atoms]:
    images[2].pbc = (True, True, False)
    return images


FIT = {"v0_A3": 46.656, "e0_eV": -14.0, "b0_eV_A3": 0.9, "b0_prime": 5.0}


BAD_CURVES = {
    "four points": (strained()[:4], DatasetError, "mine: expected at least 5 volumes, found 4"),
    "a volume twice": (
        strained() + strained(),
        DatasetError,
        r"two frames of 41.9904 Å\^3.*a name of its own",
    ),
    "mixed compositions": (
        strained("Cu4")[:4] + strained("Cu2Ni2")[4:],
        DatasetError,
        "one composition, found Cu2Ni2, Cu4",
    ),
    "no energies": (
        without(strained(), "REF_energy"),
        LabelError,
        "no labels. Expected REF_energy",
    ),
    "an energy missing": (
        without(strained(), "REF_energy", slice(3, 4)),
        LabelError,
        "on 6 of 7 frames only, missing on frame 3",
    ),
    "an energy not finite": (
        altered(strained(), 2, REF_energy=np.inf),
        LabelError,
        "`energy` is infinite in 1 of the frames",
    ),
    "a name missing": (
        without(named(strained(), curve="x"), "curve", slice(5, 6)),
        LabelError,
        r"the name of its curve on each frame \(info key `curve`\), found none on frame 5",
    ),
    "not periodic": (with_cell_open(strained()), DatasetError, "frame 2 must be periodic"),
    "other elements": (strained("Cu3Ag"), CardError, "are Ni Cu, but the frames also hold Ag"),
    "fits that differ": (
        altered(named(strained(), **FIT), 1, b0_prime=4.0),
        LabelError,
        "one `b0_prime` on all of its frames, found 5.0, 4.0",
    ),
    "half a fit": (
        named(strained(), v0_A3=46.0),
        LabelError,
        "all of v0_A3, e0_eV, b0_eV_A3, b0_prime or none of them, found no e0_eV",
    ),
    "a fit on some frames": (
        without(named(strained(), **FIT), "v0_A3", slice(0, 2)),
        LabelError,
        "one `v0_A3` on all of its frames, found None, 46.656",
    ),
    "a fit that is text": (
        named(strained(), **(FIT | {"e0_eV": "low"})),
        LabelError,
        "expected numbers for v0_A3",
    ),
    "a negative bulk modulus": (
        named(strained(), **(FIT | {"b0_eV_A3": -1.0})),
        LabelError,
        "a volume and a bulk modulus above zero",
    ),
    "relaxed or not": (
        altered(named(strained(), relaxed=True), 0, relaxed=False),
        LabelError,
        "one `relaxed` on all of its frames",
    ),
    "relaxed by a word": (
        named(strained(), relaxed="perhaps"),
        LabelError,
        r"`relaxed` must be true or false \(T or F\), found 'perhaps'",
    ),
}


@pytest.mark.parametrize(("images", "error", "match"), BAD_CURVES.values(), ids=BAD_CURVES)
def test_curves_that_cannot_be_used(
    own: Callable[..., Dataset], images: list[Atoms], error: type[Exception], match: str
) -> None:
    dataset = own(EOS, {"eos.extxyz": images})  # the dataset itself opens
    with pytest.raises(error, match=rf"card.toml: \[eos\].*{match}"):
        dataset.eos()


def test_curve_key_that_no_frame_has(own: Callable[..., Dataset]) -> None:
    dataset = own(EOS + 'curve_key = "alloy"', {"eos.extxyz": strained()})
    with pytest.raises(LabelError, match="info key `alloy`"):
        dataset.eos()


def test_forces_alone_make_no_curve(own: Callable[..., Dataset]) -> None:
    images = without(strained(), "REF_energy")
    for atoms in images:
        atoms.arrays["REF_forces"] = np.zeros((4, 3))
    dataset = own(EOS, {"eos.extxyz": images})
    with pytest.raises(LabelError, match=r"the frames have no energies \(REF_energy\)"):
        dataset.eos()


def test_shipped_curves_of_hea() -> None:
    dataset = open_dataset("hea")
    eos = dataset.eos()
    assert eos is not None
    assert (eos.config.observable, eos.config.atoms_per_cell) == ("lattice_constant", 4)
    assert len({curve.name for curve in eos.curves}) == len(eos.curves) == 20
    counts = [np.bincount(curve.frames.numbers[:108], minlength=30) for curve in eos.curves]
    assert min(count[[24, 26, 27, 28, 29]].min() for count in counts) >= 11
    trained = {
        tuple(np.bincount(dataset.frames.select([index]).numbers, minlength=30))
        for index in range(0, len(dataset), 3)
    }
    assert len(trained) == 220
    assert not trained & {tuple(count) for count in counts}
    for curve in eos.curves:
        check_shipped(curve, n_atoms=108)
        assert not curve.relaxed
        assert curve.fit is not None
        # docs/datasets/hea.md; random equimolar alloy: 3.550 Å and 173.5 GPa.
        assert 3.541 < eos.config.observed(curve.fit.v0, 108) < 3.560
        assert 159 < curve.fit.b0 * GPA_PER_EV_PER_A3 < 189


def test_shipped_curves_of_cha() -> None:
    eos = open_dataset("cha").eos()
    assert eos is not None
    assert eos.config.observable == "volume"
    rigid, relaxed = eos.curves
    assert (rigid.name, rigid.relaxed) == ("cha-rigid", False)
    assert (relaxed.name, relaxed.relaxed) == ("cha-relaxed", True)
    for curve in eos.curves:
        check_shipped(curve, n_atoms=108)
        np.testing.assert_allclose(curve.frames.cells, rigid.frames.cells, rtol=0, atol=1e-5)
    # In the minimum there is nothing to relax; away from it, relaxation gains.
    gain = rigid.energies - relaxed.energies
    assert abs(gain[5]) < 1e-3
    assert (np.delete(gain, 5) > 0.1).all()
    # docs/datasets/zeolites.md
    assert rigid.fit is not None
    assert relaxed.fit is not None
    assert rigid.fit.v0 == pytest.approx(2410.81, abs=0.01)
    assert relaxed.fit.v0 == pytest.approx(2413.35, abs=0.01)
    assert rigid.fit.b0 * GPA_PER_EV_PER_A3 == pytest.approx(148.5, abs=0.1)
    assert relaxed.fit.b0 * GPA_PER_EV_PER_A3 == pytest.approx(94.9, abs=0.1)
    low, high = (rigid.frames.atoms(index).get_scaled_positions(wrap=False) for index in (0, 10))
    np.testing.assert_allclose(low, high, rtol=0, atol=1e-6)


def check_shipped(curve: object, n_atoms: int) -> None:
    from ms25_suite.datasets.observables.eos import EosCurve

    assert isinstance(curve, EosCurve)
    assert curve.n_atoms == n_atoms
    ratios = curve.volumes / curve.volumes[5]
    np.testing.assert_allclose(ratios, np.linspace(0.9, 1.1, 11), rtol=0, atol=1e-5)
    # The stored fit is that of the stored frames.
    fit = fit_eos(curve.volumes, curve.energies)
    assert curve.fit is not None
    found = (curve.fit.v0, curve.fit.e0, curve.fit.b0, curve.fit.b0_prime)
    assert found == pytest.approx((fit.v0, fit.e0, fit.b0, fit.b0_prime), rel=1e-6)
    assert fit.residual / n_atoms < 0.5e-3
    # Its minimum is that of the energies, which the middle of the volumes was put into.
    assert curve.energies.argmin() == 5
    assert abs(fit.v0 / curve.volumes[5] - 1.0) < 2e-3


def test_emt_curve_through_a_file(own: Callable[..., Dataset]) -> None:
    """From a calculator's results to a lattice constant, as a user would."""
    images = []
    for ratio in RATIOS:
        atoms = bulk("Cu", a=3.6 * ratio ** (1 / 3), cubic=True)
        atoms.calc = EMT()
        atoms.get_potential_energy()
        images.append(atoms)
    table = EOS.replace("extxyz", "traj") + 'observable = "lattice_constant"\natoms_per_cell = 4'
    eos = own(table, {"eos.traj": images}).eos()
    assert eos is not None
    (curve,) = eos.curves
    fit = fit_eos(curve.volumes, curve.energies)
    # ASE's own documentation of EMT: 3.59 Å.
    assert eos.config.observed(fit.v0, curve.n_atoms) == pytest.approx(3.59, abs=0.01)
