from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.core.errors import NotApplicableError, NotJudgedError
from ms25_suite.core.fields import Quantity
from ms25_suite.criteria.gaps import LabelGaps

EXPECTED, RIGHT = NotJudgedError, NotApplicableError


@pytest.mark.parametrize(
    ("gaps", "quantity", "kind", "words"),
    [
        (LabelGaps(), "energy", EXPECTED, '[labels] energy = "…"'),
        (
            LabelGaps(),
            "forces",
            EXPECTED,
            'card (NAME.toml beside the file): [labels] forces = "none"',
        ),
        (LabelGaps(), "stress", RIGHT, "the dataset has no stress labels"),
        (
            LabelGaps({"stress": ("virials_x",)}),
            "stress",
            EXPECTED,
            "its files hold virials_x, which may be them",
        ),
        (LabelGaps(elsewhere=frozenset({"stress"})), "stress", EXPECTED, "on its test frames"),
        (LabelGaps(waived=frozenset({"forces"})), "forces", RIGHT, "as its card says"),
        (
            LabelGaps({"stress": ("w",)}, frozenset({"stress"}), frozenset({"stress"})),
            "stress",
            RIGHT,
            "as its card says",
        ),
    ],
)
def test_labels_that_could_be_expected_are_told_from_those_that_could_not(
    gaps: LabelGaps, quantity: Quantity, kind: type[NotApplicableError], words: str
) -> None:
    error = gaps.no_labels(quantity)
    assert type(error) is kind
    assert words in str(error)


def test_a_potential_may_have_no_stress_but_not_no_forces() -> None:
    assert type(LabelGaps().not_predicted("stress")) is RIGHT
    assert type(LabelGaps().not_predicted("forces")) is EXPECTED


def test_labels_and_predictions_of_other_frames_are_a_gap() -> None:
    error = LabelGaps().no_common_frame("stress")
    assert type(error) is EXPECTED
    assert 'stress = "none"' in str(error)


def test_labels_of_training_frames_only_are_a_gap(tmp_path: object) -> None:
    from types import SimpleNamespace

    from ms25_suite.core.frames import Labels
    from ms25_suite.datasets.cards.card import LabelKeys

    whole = Labels(np.zeros(2), np.zeros((2, 3)), np.zeros((2, 6)))
    dataset = SimpleNamespace(
        labels=whole, unread_labels={}, card=SimpleNamespace(labels=LabelKeys())
    )
    gaps = LabelGaps.of(dataset, Labels(whole.energy, whole.forces))  # type: ignore[arg-type]
    assert gaps.elsewhere == {"stress"}
