"""Values of options with anything in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ms25_suite.core.errors import Ms25Error, UsageError
from ms25_suite.datasets.dataset import open_dataset
from ms25_suite.plugin.values import atom_numbers, ensembles, species, train_sizes
from ms25_suite.potentials.spec import parse_spec, parse_specs
from ms25_suite.training.request import LARGEST_SEED, TrainingRequest
from tests.helpers.fuzzing import HOSTILE_NUMBERS, HOSTILE_TEXTS, fuzz, outcome

WORDS = (
    *("train", "mace", "mtp", "ani", "nequip", "baseline", "mean", "reference", "object"),
    *("n", "set", "seed", "budget", "dataset", "smoke", "hea", "1", "100", "model.pt", "folder"),
    "calc.py",
)
texts = st.lists(
    st.sampled_from(WORDS)
    | st.sampled_from((":", "=", ",", "/", ".", " "))
    | st.sampled_from(HOSTILE_TEXTS)
    | st.sampled_from(HOSTILE_NUMBERS),
    max_size=8,
).map("".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("fuzz")
    (found / "folder").mkdir()
    (found / "model.pt").write_bytes(b"no model")
    return found


@fuzz(200, share=10.0)
@given(text=texts)
def test_any_potential_is_understood_or_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(folder)
    spec = outcome(lambda: parse_spec(text), Ms25Error)
    assert spec is None or spec.text == text


option = st.tuples(
    st.sampled_from(("n", "set", "seed", "budget", "dataset", "epochs")),
    st.integers(-5, 10**6).map(str)
    | st.sampled_from(HOSTILE_NUMBERS)
    | st.sampled_from(("smoke", "paper", "hea")),
)


@fuzz(200, share=10.0)
@given(options=st.lists(option, max_size=4), architecture=st.sampled_from(("mace", "mtp", "nil")))
def test_the_numbers_of_a_training_are_those_of_the_text(
    options: list[tuple[str, str]], architecture: str
) -> None:
    text = f"train:{architecture}:" + ",".join(f"{key}={value}" for key, value in options)
    found = outcome(lambda: parse_specs([text]), Ms25Error)
    if found is None:
        return
    (spec,) = found
    assert spec.architecture == architecture
    assert [(key, str(value)) for key, value in spec.options] == [
        (key, str(int(value)) if key in ("n", "set", "seed") else value) for key, value in options
    ]
    numbers = {key: value for key, value in spec.training.items() if key in ("set", "seed")}
    request = outcome(
        lambda: TrainingRequest(architecture, spec.training.get("n", 1), **numbers), UsageError
    )
    assert request is None or 0 <= request.seed <= LARGEST_SEED


@fuzz(200, share=10.0)
@given(text=st.lists(st.sampled_from(HOSTILE_NUMBERS) | st.integers(-1, 99).map(str)).map(",".join))
def test_lists_of_numbers_are_read_or_refused(text: str) -> None:
    for read, least in ((train_sizes, 3), (atom_numbers, 1)):
        found = outcome(lambda read=read: read(text), UsageError)
        if found is not None:
            assert len(found) == text.count(",") + 1 >= least
            assert text.isascii()
            assert found == tuple(sorted(int(word) for word in text.split(",")))


@fuzz(100, share=6.0)
@given(text=texts)
def test_names_are_read_or_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(folder)
    outcome(lambda: ensembles(text), UsageError)
    outcome(lambda: species(text), UsageError)
    if not text.strip().lower().startswith("hea"):
        outcome(lambda: open_dataset(text), Ms25Error)
