from __future__ import annotations

import pytest

from ms25_suite.datasets.columns.names import CORRECTED, METHODS, PLAIN, parse_name, words_of


@pytest.mark.parametrize(
    "key", ["dft_total_energy", "DFT-total-energy", "DFTTotalEnergy", "dft.Total Energy"]
)
def test_words_do_not_depend_on_how_they_are_joined(key: str) -> None:
    assert words_of(key) == ("dft", "total", "energy")


@pytest.mark.parametrize("key", ["dftenergy", "energydft", "RefForces", "refforces"])
def test_known_words_may_be_written_together(key: str) -> None:
    found = parse_name(key)
    assert found is not None
    assert found.family in ("dft", "ref")


def test_prefix_and_suffix_are_one_family() -> None:
    assert parse_name("forces_ref") == parse_name("REF_forces") == parse_name("reference-force")


def test_ranks() -> None:
    keys = ("REF_energy", "dft_energy", "vasp_energy", "energy", "corrected_energy")
    ranks = [found.rank for key in keys if (found := parse_name(key)) is not None]
    assert ranks == sorted(set(ranks))
    assert ranks[-3:] == [METHODS, PLAIN, CORRECTED]


def test_kinds_of_energies_have_an_order() -> None:
    keys = ("energy", "potential_energy", "total_energy", "free_energy")
    kinds = [found.kind for key in keys if (found := parse_name(key)) is not None]
    assert kinds == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "key",
    [
        *("MACE_energy", "energy_per_atom", "energy_sigma", "forces_weight", "max_force", "E"),
        *("energy_forces", "stress_GPa", "energy_hartree", "forces_a", "virial_weight", ""),
    ],
)
def test_one_unknown_word_is_enough_not_to_take_it(key: str) -> None:
    assert parse_name(key) is None
