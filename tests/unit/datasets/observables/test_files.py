"""Reference observables of datasets: users' own files, and those that are shipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import CardError, DatasetError
from ms25_suite.datasets import Dataset
from ms25_suite.datasets.registry import builtin_card
from tests.helpers.strained import strained

EOS = '[eos]\nfiles = "eos.extxyz"\n'


def test_dataset_without_observables(own: Callable[..., Dataset]) -> None:
    dataset = own("", {})
    assert dataset.eos() is None
    assert dataset.neb() is None


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
