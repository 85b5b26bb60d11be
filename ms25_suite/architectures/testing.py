"""Tests that every architecture must pass: a class to inherit from.

Inherit `ArchitectureConformance`, set the name of the architecture, and provide a model file and
the calculator of the architecture's own package::

    class TestMace(ArchitectureConformance):
        architecture = "mace"

        @pytest.fixture(scope="class")
        @classmethod
        def model_file(cls, tmp_path_factory):
            ...

        @pytest.fixture(scope="class")
        @classmethod
        def calculator_source(cls, model_file):
            return f"from mace.calculators import MACECalculator; calculator = MACECalculator(...)"

``docs/new-architecture.md`` is a complete example.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pytest

from ms25_suite.architectures.standard_frames import standard_frames
from ms25_suite.core.errors import (
    ArchitectureNotInstalledError,
    LammpsNotInstalledError,
    ModelFileError,
)
from ms25_suite.core.frames import FloatArray, Frames, Predictions
from ms25_suite.core.inputs import KNOWN_INPUTS
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.metrics.agreement import compare_predictions
from ms25_suite.metrics.consistency.copies import equivalent_copies, expected_of
from ms25_suite.metrics.consistency.slopes import (
    Bundle,
    displacements,
    sides,
    slopes,
    strain_paths,
)
from ms25_suite.potentials.base import Architecture
from ms25_suite.potentials.model_file import summarise
from ms25_suite.potentials.opening import from_calculator, from_model_file
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.registry import (
    architectures,
    detect,
    get_architecture,
    require_installed,
)

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["ArchitectureConformance", "standard_frames"]

_SEED: Final = 5


class ArchitectureConformance:
    """Tests of one architecture, run in worker processes as in a judging session.

    Attributes
    ----------
    architecture
        Its name.
    symbols
        Elements of the test structures, which the model must support.
    species
        Chemical symbols of the species, for files that only number them.
    spacing
        Distance of nearest neighbours in the test structures, in Å.
    official_lacks
        Test structures that the official calculator cannot evaluate.
    """

    architecture: ClassVar[str]
    symbols: ClassVar[tuple[str, ...]] = ("Ni", "Cu")
    species: ClassVar[tuple[str, ...]] = ()
    spacing: ClassVar[float] = 2.55
    official_lacks: ClassVar[frozenset[str]] = frozenset()

    # Tolerances for rounding errors, in double precision unless the name says otherwise.
    ENERGY_TOLERANCE: ClassVar[float] = 1e-10
    """Against the official calculator, in eV."""
    FORCES_TOLERANCE: ClassVar[float] = 1e-10
    """Against the official calculator, in eV/Å."""
    STRESS_TOLERANCE: ClassVar[float] = 1e-8
    """Against the official calculator, in eV/Å^3: it may use other constants."""
    SYMMETRY_TOLERANCE: ClassVar[float] = 1e-9
    """Between predictions that must be equal, in eV, eV/Å and eV/Å^3."""
    STEP: ClassVar[float] = 1e-4
    """Displacement in Å, or strain, along which work is compared with the change of the energy."""
    SLOPE_TOLERANCE: ClassVar[float] = 1e-5
    """Between forces or virials and finite differences, relative to the largest force."""
    FLOAT32_TOLERANCE: ClassVar[float] = 1e-4
    """Between float32 and float64, relative to the largest energy per atom or force."""
    DRIFT_TOLERANCE: ClassVar[float] = 1e-2
    """Change of the total energy in 20 steps of 0.5 fs, relative to the kinetic energy."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _needs_package(cls) -> None:
        try:
            require_installed(get_architecture(cls.architecture))
        except ArchitectureNotInstalledError as error:
            pytest.skip(str(error))

    @pytest.fixture(scope="class")
    @classmethod
    def model_file(cls) -> Path:
        """A model file for `symbols`; override it. The weights may be random."""
        msg = "override the fixture `model_file`"
        raise NotImplementedError(msg)

    @pytest.fixture(scope="class")
    @classmethod
    def calculator_source(cls, model_file: Path) -> str:
        """Python code that sets ``calculator`` to the official one; override it.

        It is an ASE calculator for ``model_file``, in double precision, and runs in a process of
        its own.
        """
        msg = "override the fixture `calculator_source`"
        raise NotImplementedError(msg)

    @pytest.fixture(scope="class")
    @classmethod
    def options(cls) -> PotentialOptions:
        """Options of the potential."""
        return PotentialOptions(use_cache=False, species=cls.species)

    @pytest.fixture(scope="class")
    @classmethod
    def potential(cls, model_file: Path, options: PotentialOptions) -> Iterator[Potential]:
        """The potential under test."""
        opened = from_model_file(model_file, cls.architecture, "tested", options)
        yield opened
        opened.close()

    @pytest.fixture(scope="class")
    @classmethod
    def images(cls) -> dict[str, Any]:
        """The test structures by name."""
        return standard_frames(cls.symbols, cls.spacing)

    @pytest.fixture(scope="class")
    @classmethod
    def predicted(cls, potential: Potential, images: dict[str, Atoms]) -> Predictions:
        """Predictions for all test structures in one go."""
        return potential.predict(Frames.from_atoms(images.values()))

    @pytest.fixture(scope="class")
    @classmethod
    def official(
        cls,
        calculator_source: str,
        images: dict[str, Atoms],
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Predictions:
        """Predictions of the official calculator, for the structures that it can evaluate."""
        path = tmp_path_factory.mktemp("official") / "calc.py"
        path.write_text(calculator_source, encoding="utf-8")
        calculator = from_calculator(str(path), "official", PotentialOptions(use_cache=False))
        chosen = [atoms for name, atoms in images.items() if name not in cls.official_lacks]
        found = calculator.predict(Frames.from_atoms(chosen))
        calculator.close()
        return found

    def test_is_found_by_content(self, model_file: Path, tmp_path: Path) -> None:
        """The name of the file does not matter, and no other adapter recognises it."""
        renamed = tmp_path / "whatever.xyz"
        renamed.write_bytes(model_file.read_bytes())
        assert detect(renamed).name == self.architecture
        summary = summarise(renamed)
        claims = [name for name, known in architectures().items() if known.recognises(summary)]
        assert claims == [self.architecture]

    def test_other_files_are_not_recognised(self, tmp_path: Path) -> None:
        """Files that are not models of this architecture are not recognised."""
        (tmp_path / "a").write_text("<html>404 not found</html>")
        (tmp_path / "b").write_text(json.dumps({"model": self.architecture}))
        for name, content in (("c", pickle.dumps({"weights": [1.0]})), ("d", pickle.dumps("x"))):
            with zipfile.ZipFile(tmp_path / name, "w") as archive:
                archive.writestr("model/data.pkl", content)
        family = get_architecture(self.architecture)
        for path in sorted(tmp_path.iterdir()):
            assert not family.recognises(summarise(path)), path.read_bytes()[:40]

    def test_a_damaged_file_is_named(
        self, model_file: Path, options: PotentialOptions, tmp_path: Path
    ) -> None:
        """An incomplete copy gives an error that names the file, not wrong numbers."""
        half = tmp_path / "half.model"
        content = model_file.read_bytes()
        half.write_bytes(content[: len(content) // 2])

        def load() -> None:
            name = detect(half).name
            opened = from_model_file(half, name, "half", options)
            try:
                opened.info()
            finally:
                opened.close()

        with pytest.raises(ModelFileError, match=r"half\.model"):
            load()

    def test_looking_at_files_imports_no_framework(self) -> None:
        """The module of the adapter is imported in every session; its framework must not be."""
        family = get_architecture(self.architecture)
        package = family.package.split(".")[0]
        if type(family).__module__.split(".")[0] == package:
            pytest.skip("the package itself holds the adapter")
        code = (
            "import sys; from ms25_suite.potentials.registry import architectures; "
            f"architectures(); sys.exit({package!r} in sys.modules)"
        )
        subprocess.run([sys.executable, "-P", "-c", code], check=True)

    def test_info_is_complete(self, potential: Potential) -> None:
        """Elements, cutoff, layers and parameters are known: reports need them."""
        info = potential.info()
        from ase.data import atomic_numbers

        assert info.elements is not None
        assert {atomic_numbers[symbol] for symbol in self.symbols} <= set(info.elements)
        assert info.elements == tuple(sorted(info.elements))
        assert info.r_max is not None
        assert info.r_max > 0
        assert info.n_layers is not None
        assert info.n_layers >= 1
        assert info.n_parameters is not None
        assert info.n_parameters >= 1
        assert info.inputs is not None, "name what it reads besides the structure; () for nothing"

    def test_charge_and_spin_matter_if_and_only_if_they_are_read(
        self, potential: Potential, images: dict[str, Atoms]
    ) -> None:
        """What a model reads and does not name is dropped somewhere; else it is named wrongly."""
        plain = next(iter(images.values()))
        inputs = potential.info().inputs or ()
        for name, values in (("total_charge", (0, 1)), ("spin_multiplicity", (1, 2))):
            states = [plain.copy() for _ in values]
            for atoms, value in zip(states, values, strict=True):
                atoms.info[KNOWN_INPUTS[name].keys[0]] = value
            energies, _, _ = _whole(potential.predict(Frames.from_atoms(states)))
            assert (energies[0] != energies[1]) == (name in inputs), name

    def test_predicts_as_the_official_calculator(
        self, images: dict[str, Atoms], predicted: Predictions, official: Predictions
    ) -> None:
        """Every kind of frame in one batch, against the official calculator frame by frame."""
        frames = Frames.from_atoms(images.values())
        chosen = [k for k, name in enumerate(images) if name not in self.official_lacks]
        found = predicted.select(chosen, frames.offsets)
        tolerances = (self.ENERGY_TOLERANCE, self.FORCES_TOLERANCE, self.STRESS_TOLERANCE)
        for ours, theirs, tolerance in zip(
            _whole(found), _whole(official), tolerances, strict=True
        ):
            _assert_close(ours, theirs, tolerance)

    def test_predicts_as_its_own_calculator(
        self,
        model_file: Path,
        options: PotentialOptions,
        images: dict[str, Atoms],
        predicted: Predictions,
    ) -> None:
        """`Architecture.own_calculator`, by which `route_agreement` judges model files."""
        family = get_architecture(self.architecture)
        if type(family).own_calculator is Architecture.own_calculator:
            pytest.skip("the architecture names no calculator of its package")
        names = list(images)
        chosen = [k for k, name in enumerate(names) if name not in self.official_lacks]
        frames = Frames.from_atoms(images.values())
        own = from_model_file(model_file, self.architecture, "own", options, route="calculator")
        try:
            theirs = own.predict(frames.select(chosen))
        finally:
            own.close()
        agreement = compare_predictions(
            frames.select(chosen), predicted.select(chosen, frames.offsets), theirs, "float64"
        )
        assert not agreement.beyond()

    def test_a_single_frame_is_as_good_as_a_batch(
        self, potential: Potential, images: dict[str, Atoms], predicted: Predictions
    ) -> None:
        """Also for a frame without edges, and in another order."""
        singles = [potential.predict(Frames.from_atoms([atoms])) for atoms in images.values()]
        self._assert_equal(Predictions.concatenate(singles), predicted)
        backwards = list(range(len(images)))[::-1]
        frames = Frames.from_atoms(images.values())
        turned = potential.predict(frames.select(backwards))
        self._assert_equal(turned, predicted.select(backwards, frames.offsets))

    def test_forces_are_slopes_of_the_energy(
        self, potential: Potential, images: dict[str, Atoms], predicted: Predictions
    ) -> None:
        """Work along random displacements of each element is the change of the energy."""
        rng = np.random.default_rng(_SEED)
        for name in ("mixture", "triclinic", "slab", "molecule"):
            frame = Frames.from_atoms([images[name]])
            paths = displacements(frame, frame.elements, rng, self.STEP)
            self._assert_slopes(potential, frame, Bundle.of(paths, rng), predicted)

    def test_stress_is_the_slope_along_a_strain(
        self, potential: Potential, images: dict[str, Atoms], predicted: Predictions
    ) -> None:
        """For each of the six components."""
        rng = np.random.default_rng(_SEED)
        for name in ("mixture", "triclinic", "one-atom cell smaller than the cutoff"):
            frame = Frames.from_atoms([images[name]])
            paths = strain_paths(frame, self.STEP)
            self._assert_slopes(potential, frame, Bundle.of(paths, rng), predicted)

    def test_forces_of_a_frame_add_up_to_nothing(
        self, images: dict[str, Atoms], predicted: Predictions
    ) -> None:
        """An energy that depends only on differences of positions has no net force."""
        tolerance = _largest(_whole(predicted)[1]) * self.SYMMETRY_TOLERANCE
        for name in images:
            _, forces, _ = _of(predicted, images, name)
            _assert_close(forces.sum(axis=0), np.zeros(3), tolerance)

    def test_moved_turned_and_renumbered_frames_are_the_same(
        self, potential: Potential, images: dict[str, Atoms], predicted: Predictions
    ) -> None:
        """Energy, forces and stress do not depend on how a structure is described."""
        rng = np.random.default_rng(_SEED)
        for name in ("mixture", "triclinic", "slab", "molecule"):
            energy, forces, stress = _of(predicted, images, name)
            original = Predictions(np.array([energy]), forces, stress[None])
            copies = equivalent_copies(Frames.from_atoms([images[name]]), rng)
            found = potential.predict(Frames.concatenate([copy.frame for copy in copies]))
            expected = [expected_of(copy, original) for copy in copies]
            self._assert_equal(found, Predictions.concatenate(expected))

    def test_a_supercell_is_so_many_cells(
        self, potential: Potential, images: dict[str, Atoms], predicted: Predictions
    ) -> None:
        """Energies add up, forces repeat, the stress stays: images of an atom count in full."""
        for name in ("triclinic", "one-atom cell smaller than the cutoff"):
            energy, forces, stress = _of(predicted, images, name)
            found = potential.predict(Frames.from_atoms([images[name] * (2, 2, 1)]))
            # Energy is extensive, force and stress are not.
            expected = Predictions(np.array([4 * energy]), np.tile(forces, (4, 1)), stress[None])
            self._assert_equal(found, expected)

    def test_float32_is_close(
        self, model_file: Path, images: dict[str, Atoms], predicted: Predictions
    ) -> None:
        """Single precision loses digits, and no more than that."""
        options = PotentialOptions(use_cache=False, species=self.species, dtype="float32")
        potential = from_model_file(model_file, self.architecture, "single", options)
        frames = Frames.from_atoms(images.values())
        found = potential.predict(frames)
        potential.close()
        (energy, forces, _), (double_energy, double_forces, _) = _whole(found), _whole(predicted)
        for single, double in (
            (energy / frames.n_atoms, double_energy / frames.n_atoms),
            (forces, double_forces),
        ):
            _assert_close(single, double, _largest(double) * self.FLOAT32_TOLERANCE)

    def test_lammps_gets_the_same_numbers(
        self, potential: Potential, images: dict[str, Atoms], predicted: Predictions
    ) -> None:
        """Energy, forces and virial of each structure that has a cell, as LAMMPS reports them."""
        plan = MdPlan(ensemble="nve", n_steps=1)
        for name, atoms in images.items():
            # LAMMPS needs a box, which a molecule does not have.
            if not atoms.cell.array.any():
                continue
            run = _run_lammps(potential, Frames.from_atoms([atoms]), plan)
            energy, forces, stress = _of(predicted, images, name)
            expected = Predictions(np.array([energy]), forces, stress[None])
            self._assert_equal(
                Predictions(np.array([run.energy]), run.forces, run.stress[None]), expected
            )

    def test_lammps_ends_where_its_last_energy_belongs(
        self, potential: Potential, images: dict[str, Atoms]
    ) -> None:
        """Forces stay right when LAMMPS rebuilds its neighbour list, and energy is conserved."""
        # Hot and with a thin skin, so that the list is rebuilt within a few steps.
        plan = MdPlan(ensemble="nve", n_steps=20, temperature_K=1000.0, timestep_fs=0.5, skin_A=0.1)
        run = _run_lammps(potential, Frames.from_atoms([images["mixture"]]), plan)
        assert run.neighbour_builds > 0
        energy = potential.predict(run.final).energy
        last = run.thermo.potential_eV[-1:]
        _assert_close(energy, last, _largest(last) * self.SYMMETRY_TOLERANCE)
        # Velocity Verlet conserves the energy up to an oscillation of a small part of the kinetic
        # energy; wrong forces after a rebuild would show as a jump.
        kinetic = run.thermo.total_eV - run.thermo.potential_eV
        drift = np.abs(run.thermo.total_eV - run.thermo.total_eV[0]).max()
        assert drift < self.DRIFT_TOLERANCE * kinetic.max()

    def _assert_equal(self, found: Predictions, expected: Predictions) -> None:
        for value, other in zip(_whole(found), _whole(expected), strict=True):
            _assert_close(value, other, _largest(other) * self.SYMMETRY_TOLERANCE)

    def _assert_slopes(
        self, potential: Potential, frame: Frames, bundle: Bundle, predicted: Predictions
    ) -> None:
        ends = [end for path in bundle.all_paths for end in sides(frame, path)]
        frames = Frames.concatenate([frame, *ends])
        found = potential.predict(frames)
        original, *others = (found.select([i], frames.offsets) for i in range(len(frames)))
        pairs = list(zip(others[0::2], others[1::2], strict=True))
        tolerance = _largest(_whole(predicted)[1]) * self.SLOPE_TOLERANCE
        for path, slope in zip(
            bundle.paths, slopes(frame, original, bundle, pairs, rounding=0.0), strict=True
        ):
            # A stress times the volume is an energy.
            scale = float(frame.volumes[0]) if path.strain.any() else 1.0
            _assert_close(scale * slope.difference, 0.0, tolerance)


def _run_lammps(potential: Potential, frame: Frames, plan: MdPlan) -> LammpsRun:
    try:
        return potential.run_lammps(frame, plan)
    except LammpsNotInstalledError as error:
        pytest.skip(str(error))


def _of(
    predictions: Predictions, images: dict[str, Atoms], name: str
) -> tuple[float, FloatArray, FloatArray]:
    """Energy, forces and stress of one test structure."""
    offsets = Frames.from_atoms(images.values()).offsets
    energy, forces, stress = _whole(predictions.select([list(images).index(name)], offsets))
    return float(energy[0]), forces, stress[0]


def _whole(predictions: Predictions) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Energies, forces and stresses, which an edge model always has."""
    energy, forces, stress = predictions.energy, predictions.forces, predictions.stress
    assert energy is not None
    assert forces is not None
    assert stress is not None
    return energy, forces, stress


def _largest(values: FloatArray) -> float:
    """Largest magnitude, at least 1; tolerances are relative to it."""
    return max(1.0, float(np.nanmax(np.abs(values), initial=0.0)))


def _assert_close(found: Any, expected: Any, tolerance: float) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
