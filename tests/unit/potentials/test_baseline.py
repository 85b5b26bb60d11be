from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.errors import ElementCoverageError, UsageError
from ms25_suite.core.frames import Frames, Labels
from ms25_suite.potentials.baseline import MeanBaseline, element_energies
from ms25_suite.potentials.opening import from_baseline
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.spec import parse_spec

ENERGIES = {"H": -3.0, "O": -12.5}


def frames(*formulas: str) -> Frames:
    return Frames.from_atoms([Atoms(formula, cell=[9, 9, 9], pbc=True) for formula in formulas])


def energies(found: Frames) -> np.ndarray:
    return np.array(
        [
            sum(ENERGIES[symbol] for symbol in found.atoms(k).get_chemical_symbols())
            for k in range(len(found))
        ]
    )


def labels(found: Frames, stress: object = None) -> Labels:
    forces = np.ones((len(found.numbers), 3))
    return Labels(energies(found), forces, None if stress is None else np.array(stress))


def test_energies_that_follow_the_composition_are_found() -> None:
    given = frames("H2O", "O2", "H3O", "H2")
    found = element_energies(given, energies(given))
    assert given.elements == (1, 8)
    np.testing.assert_allclose(found, [-3.0, -12.5])


def test_one_composition_gives_its_sum() -> None:
    """Infinitely many solutions: the sum that matters is right in each."""
    given = frames("H2O", "H2O")
    found = element_energies(given, energies(given))
    assert 2 * found[0] + found[1] == pytest.approx(-18.5)


def test_predictions_are_the_scale_of_errors() -> None:
    given = frames("H2O", "O2", "H2")
    stress = [[1.0, 2, 3, 4, 5, 6], [3.0, 2, 1, 0, -1, -2], [np.nan] * 6]
    baseline = MeanBaseline.fit(given, labels(given, stress))
    asked = Frames.from_atoms([Atoms("HO", cell=[9, 9, 9], pbc=True), Atoms("O")])
    found = baseline.predict(asked)
    np.testing.assert_allclose(found.energy, [-15.5, -12.5])
    np.testing.assert_array_equal(found.forces, 0.0)
    # The mean over the frames that have a stress; a molecule has none.
    np.testing.assert_allclose(found.stress[0], [2, 2, 2, 2, 2, 2])
    assert np.isnan(found.stress[1]).all()
    again = MeanBaseline.from_dict(baseline.to_dict())
    assert again == baseline
    assert baseline.info.elements == (1, 8)


def test_without_stress_labels_there_is_no_stress() -> None:
    given = frames("H2O", "O2")
    baseline = MeanBaseline.fit(given, labels(given))
    assert baseline.predict(given).stress is None


def test_without_energies_there_is_no_baseline() -> None:
    given = frames("H2O")
    with pytest.raises(ValueError, match="needs training frames with energies"):
        MeanBaseline.fit(given, Labels(forces=np.zeros((3, 3))))


def test_as_a_potential_it_knows_its_elements() -> None:
    given = frames("H2O", "O2")
    potential = from_baseline(
        MeanBaseline.fit(given, labels(given)), "baseline-mean", PotentialOptions()
    )
    np.testing.assert_allclose(potential.predict(given).energy, energies(given))
    with pytest.raises(ElementCoverageError, match="does not support C"):
        potential.predict(frames("CO"))
    potential.close()


def test_spelling() -> None:
    spec = parse_spec("baseline:mean")
    assert (spec.kind, spec.name, spec.architecture) == ("baseline", "baseline-mean", "baseline")
    with pytest.raises(UsageError, match="the only baseline is baseline:mean"):
        parse_spec("baseline:median")
