"""Reference observables of datasets: users' own files, and those that are shipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms, FixBondLength, FixCartesian
from ase.io import write
from ase.mep import NEBTools

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import CardError, DatasetError, LabelError
from ms25_suite.core.units import GPA_PER_EV_PER_A3
from ms25_suite.datasets import Dataset, open_dataset
from ms25_suite.datasets.readers.files import read_images
from ms25_suite.datasets.registry import builtin_card
from ms25_suite.metrics.eos import fit_murnaghan, murnaghan

RATIOS = np.linspace(0.9, 1.1, 7)


def strained(symbols: str = "Cu4", a: float = 3.6) -> list[Atoms]:
    """One curve: energies of a Murnaghan solid with its minimum at ``a``."""
    images = []
    for ratio in RATIOS:
        atoms = bulk("Cu", a=a * ratio ** (1 / 3), cubic=True)
        atoms.symbols = symbols
        energy = murnaghan(np.array([atoms.get_volume()]), a**3, -14.0, 0.9, 5.0)[0]
        atoms.info["REF_energy"] = float(energy)
        images.append(atoms)
    return images


def named(images: list[Atoms], **info: object) -> list[Atoms]:
    for atoms in images:
        atoms.info.update(info)
    return images


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., Dataset]:
    """A dataset of Cu and Ni with a card that has the given table."""
    frame = bulk("Cu", cubic=True)
    frame.symbols[0] = "Ni"
    frame.info["REF_energy"] = -14.0
    write(tmp_path / "frames.extxyz", frame)

    def make(table: str, files: dict[str, list[Atoms]], level: str = "EMT") -> Dataset:
        for name, images in files.items():
            write(tmp_path / name, images)
        card = tmp_path / "card.toml"
        head = f'name = "mine"\nfiles = "frames.extxyz"\nlevel_of_theory = "{level}"\n'
        card.write_text(head + table, encoding="utf-8")
        return open_dataset(str(card))

    return make


EOS = '[eos]\nfiles = "eos.extxyz"\n'


def test_dataset_without_observables(own: Callable[..., Dataset]) -> None:
    dataset = own("", {})
    assert dataset.eos() is None
    assert dataset.neb() is None


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
        fit = fit_murnaghan(curve.volumes, curve.energies)
        assert eos.config.observed(fit.v0, curve.n_atoms) == pytest.approx(a, abs=1e-7)


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


def without(images: list[Atoms], key: str, which: slice = slice(None)) -> list[Atoms]:
    for atoms in images[which]:
        del atoms.info[key]
    return images


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
        altered(strained(), 2, REF_energy=np.nan),
        LabelError,
        "`energy` is not finite in 1 of the frames",
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


def test_files_are_those_of_the_card(own: Callable[..., Dataset], tmp_path: Path) -> None:
    dataset = own(EOS, {})
    with pytest.raises(CardError, match=r"there is no file .*eos\.extxyz"):
        dataset.eos()
    table = '[eos]\nfiles = [{ path = "eos.extxyz", sha256 = "%s" }]'
    own("", {"eos.extxyz": strained()})
    sha256 = file_sha256(tmp_path / "eos.extxyz")
    eos = own(table % sha256, {}).eos()
    assert eos is not None
    assert eos.sha256 == (sha256,)
    with pytest.raises(CardError, match="is not the file that the card describes: expected sha256"):
        own(table % ("0" * 64), {}).eos()
    (tmp_path / "eos.extxyz").write_text("nonsense")
    with pytest.raises(DatasetError, match="cannot be read as extxyz"):
        own(EOS, {}).eos()


def test_damaged_observables_do_not_stop_the_dataset_nor_are_they_read_with_it(
    own: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ms25_suite.datasets.observables import files as observables

    def read(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(observables, "read_images", read)
    monkeypatch.setattr(observables, "verified_sha256", read)
    assert len(own(EOS, {"eos.extxyz": strained()})) == 1


# Paths.

NEB = '[neb]\npath = "path.extxyz"\nbarrier = 0.5\nbarrier_source = "made up"\n'


def hops(n_images: int = 5, *, labelled: bool = True, fixed: bool = True) -> list[Atoms]:
    """A nickel atom that moves over copper."""
    slab = fcc111("Cu", (2, 2, 2), vacuum=5.0)
    slab.pbc = True
    lone = Atoms("Ni", positions=[slab.positions[-1] + [0.0, 0.0, 2.0]])
    images = []
    for step in np.linspace(0.0, 1.0, n_images):
        atoms = slab + lone
        atoms.arrays.pop("tags", None)
        atoms.info.clear()
        atoms.positions[-1, 0] += 1.5 * step
        if labelled:
            atoms.info["REF_energy"] = float(-30.0 + np.sin(np.pi * step) - 0.2 * step)
        if fixed:
            atoms.set_constraint(FixAtoms(indices=range(4)))
        images.append(atoms)
    return images


def test_path_of_a_user(own: Callable[..., Dataset]) -> None:
    images = hops()
    neb = own(NEB, {"path.extxyz": images}).neb()
    assert neb is not None
    assert len(neb.frames) == 5
    np.testing.assert_allclose(neb.energies, [atoms.info["REF_energy"] for atoms in images])
    assert neb.fixed.tolist() == [True] * 4 + [False] * 5
    assert (neb.barrier, neb.config.barrier_source) == (0.5, "made up")
    assert neb.reaction_energy == pytest.approx(-0.2)


def test_ends_with_and_without_images_in_between(own: Callable[..., Dataset]) -> None:
    images = hops(labelled=False, fixed=False)
    ends = '[neb]\ninitial = "a.traj"\nfinal = "b.extxyz"\nbarrier = 0.5\n'
    files = {"a.traj": images[:1], "b.extxyz": images[-1:], "path.extxyz": images[1:-1]}
    bare = own(ends, files).neb()
    whole = own(ends + 'path = "path.extxyz"\nreaction_energy = -0.3', {}).neb()
    assert bare is not None
    assert whole is not None
    assert (len(bare.frames), len(whole.frames)) == (2, 5)
    assert (bare.reaction_energy, whole.reaction_energy) == (None, -0.3)
    assert bare.energies is None
    assert not bare.fixed.any()
    assert len(whole.sha256) == 3
    x = whole.frames.positions.reshape(5, 9, 3)[:, -1, 0]
    np.testing.assert_allclose(np.diff(x), 1.5 / 4)


@pytest.mark.parametrize("name", ["path.extxyz", "path.extxyz.gz", "path.traj", "path.db"])
def test_constraints_come_through_every_format(own: Callable[..., Dataset], name: str) -> None:
    table = NEB.replace("path.extxyz", name)
    neb = own(table, {name: hops()}).neb()
    assert neb is not None
    assert neb.fixed.tolist() == [True] * 4 + [False] * 5


def test_atoms_fixed_axis_by_axis(own: Callable[..., Dataset], tmp_path: Path) -> None:
    images = hops(3)
    for atoms in images:
        atoms.set_constraint([FixCartesian(index, (True, True, True)) for index in range(4)])
    neb = own(NEB, {"path.extxyz": images}).neb()
    assert "move_mask:L:3" in (tmp_path / "path.extxyz").read_text()
    assert neb is not None
    assert neb.fixed.tolist() == [True] * 4 + [False] * 5


def constrained(constraint: object) -> list[Atoms]:
    images = hops(fixed=False)
    images[1].set_constraint(constraint)
    return images


def moved_cell(images: list[Atoms]) -> list[Atoms]:
    images[2].cell[2, 2] += 0.5
    return images


def reordered(images: list[Atoms]) -> list[Atoms]:
    images[3] = images[3][[*range(7), 8, 7]]
    return images


def replaced(images: list[Atoms]) -> list[Atoms]:
    images[-1].symbols[0] = "Ni"
    return images


def loosened(images: list[Atoms]) -> list[Atoms]:
    images[2].set_constraint(FixAtoms(indices=range(3)))
    return images


def shaken(images: list[Atoms]) -> list[Atoms]:
    images[4].set_constraint()
    images[4].positions[1] += 0.1
    images[4].set_constraint(FixAtoms(indices=range(4)))
    return images


BAD_PATHS = {
    "one image": (hops()[:1], DatasetError, "from the initial to the final state, found 1"),
    "another order": (reordered(hops()), DatasetError, "same atoms in another order in image 3"),
    "other atoms": (replaced(hops()), DatasetError, "found other atoms in image 4"),
    "an atom too many": (
        [*hops()[:-1], hops()[-1] + Atoms("Ni", [[0, 0, 0]])],
        DatasetError,
        "other atoms in image 4",
    ),
    "another cell": (moved_cell(hops()), DatasetError, r"image 2 differs from image 0 \(by 0.5 Å"),
    "twice the same image": (
        [hops()[0], *hops()],
        DatasetError,
        "images 0 and 1 are the same, a path has no direction there$",
    ),
    "an energy missing": (
        without(hops(), "REF_energy", slice(1, 2)),
        LabelError,
        "on 4 of 5 frames only",
    ),
    "other fixed atoms": (loosened(hops()), DatasetError, "same fixed atoms in all images.*in 2"),
    "fixed atoms that move": (shaken(hops()), DatasetError, "0.1732 Å away from it in image 4"),
    "an atom fixed in a plane": (
        constrained([FixCartesian(0, (False, False, True))]),
        DatasetError,
        "image 1: expected atoms that are fixed or free, found a constraint FixCartesian",
    ),
}


@pytest.mark.parametrize(("images", "error", "match"), BAD_PATHS.values(), ids=BAD_PATHS)
def test_paths_that_cannot_be_used(
    own: Callable[..., Dataset], images: list[Atoms], error: type[Exception], match: str
) -> None:
    dataset = own(NEB, {"path.extxyz": images})
    with pytest.raises(error, match=rf"card.toml: \[neb\].*{match}"):
        dataset.neb()


def test_other_constraints_are_refused(own: Callable[..., Dataset]) -> None:
    table = NEB.replace("path.extxyz", "path.traj")
    dataset = own(table, {"path.traj": constrained(FixBondLength(0, 1))})
    with pytest.raises(DatasetError, match="found a constraint FixBondLength"):
        dataset.neb()


def test_ends_that_cannot_be_used(own: Callable[..., Dataset]) -> None:
    images = hops()
    ends = '[neb]\ninitial = "a.traj"\nfinal = "b.traj"\nbarrier = 0.5\n'
    dataset = own(ends, {"a.traj": images[:2], "b.traj": images[-1:]})
    with pytest.raises(DatasetError, match=r"one image in `initial`, found 2 in .*a.traj"):
        dataset.neb()
    files = {"a.traj": images[:1], "b.traj": images[-1:], "path.extxyz": images}
    dataset = own(ends + 'path = "path.extxyz"', files)
    with pytest.raises(DatasetError, match="`path` has only the images in between"):
        dataset.neb()


# Observables of a built-in dataset for another one.


def test_curves_of_a_built_in_dataset_for_the_same_level_of_theory(
    own: Callable[..., Dataset],
) -> None:
    hea = builtin_card("hea")
    assert hea is not None
    level = hea.level_of_theory
    elements = 'elements = ["Fe", "Ni", "Cr", "Co", "Cu"]\n'
    eos = own(elements + '[eos]\ndataset = "hea"', {}, level).eos()
    assert eos is not None
    assert len(eos.curves) == 20
    with pytest.raises(CardError, match="are Ni Cu, but the frames also hold Cr Fe Co"):
        own('[eos]\ndataset = "hea"', {}, level).eos()
    with pytest.raises(CardError, match=r"\[eos\]: that of 'hea' is of the level of theory 'EAM"):
        own('[eos]\ndataset = "hea"', {}).eos()


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ('[eos]\ndataset = "haa"', r"\[eos\] is to be that of 'haa', found no such dataset. Did"),
        ('[eos]\ndataset = "mgo-2x2"', "that of 'mgo-2x2', which has none"),
        ('[neb]\ndataset = "hea"', r"\[neb\] is to be that of 'hea', which has none"),
    ],
)
def test_observables_that_no_built_in_dataset_has(
    own: Callable[..., Dataset], table: str, match: str
) -> None:
    dataset = own(table, {})
    read = dataset.eos if table.startswith("[eos]") else dataset.neb
    with pytest.raises(CardError, match=match):
        read()


# What is shipped.


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
    fit = fit_murnaghan(curve.volumes, curve.energies)
    assert curve.fit is not None
    found = (curve.fit.v0, curve.fit.e0, curve.fit.b0, curve.fit.b0_prime)
    assert found == pytest.approx((fit.v0, fit.e0, fit.b0, fit.b0_prime), rel=1e-7)
    assert fit.residual / n_atoms < 0.5e-3
    # Its minimum is that of the energies, which the middle of the volumes was put into.
    assert curve.energies.argmin() == 5
    assert abs(fit.v0 / curve.volumes[5] - 1.0) < 2e-3


def test_shipped_path() -> None:
    dataset = open_dataset("reaction")
    neb = dataset.neb()
    assert neb is not None
    assert neb.fixed.tolist() == [True] * 32 + [False] * 37
    assert neb.energies is not None
    assert neb.reaction_energy == pytest.approx(-0.4659, abs=1e-4)
    images = []
    forces = np.asarray(neb.labels.forces).reshape(25, 69, 3)
    for index in range(len(neb.frames)):
        atoms = neb.frames.atoms(index)
        atoms.set_constraint(FixAtoms(mask=neb.fixed))
        atoms.calc = SinglePointCalculator(atoms, energy=neb.energies[index], forces=forces[index])
        images.append(atoms)
    barrier, reaction_energy = NEBTools(images).get_barrier(fit=True)
    assert neb.barrier == pytest.approx(barrier, abs=1e-4)  # four decimals are stated
    assert neb.reaction_energy == pytest.approx(reaction_energy)
    # As one band, with ASE's default springs, it is converged as well.
    band = NEBTools(images).get_fmax(climb=True, method="improvedtangent")
    assert band < 0.05


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
    fit = fit_murnaghan(curve.volumes, curve.energies)
    # ASE's own documentation of EMT: 3.59 Å.
    assert eos.config.observed(fit.v0, curve.n_atoms) == pytest.approx(3.59, abs=0.01)
