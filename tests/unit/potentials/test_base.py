from __future__ import annotations

import json

import pytest

from ms25_suite.potentials.base import Architecture, ModelInfo


class Bare(Architecture):
    name = "bare"
    package = "json"
    distributions = ()
    requirement = "json"

    def recognises(self, summary: object) -> bool:
        return False

    def load(self, path: object, *, device: str, dtype: str):
        raise NotImplementedError


@pytest.mark.parametrize("info", [ModelInfo((28, 29), 5.0, 2, 100), ModelInfo()])
def test_properties_survive_json(info: ModelInfo) -> None:
    assert ModelInfo.from_dict(json.loads(json.dumps(info.to_dict()))) == info


def test_what_an_adapter_may_leave_out() -> None:
    bare = Bare()
    assert (bare.trainer, bare.environment, bare.compiled_target) == ("", "", "")
    assert bare.names_species
    assert bare.revision == 1
    with pytest.raises(NotImplementedError, match="bare makes no untrained models"):
        bare.untrained()


def test_an_adapter_must_recognise_and_load() -> None:
    class Nothing(Architecture):
        name = "nothing"

    with pytest.raises(TypeError, match="load"):
        Nothing()  # type: ignore[abstract]
