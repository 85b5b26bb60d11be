from __future__ import annotations

import pytest

from ms25_suite.datasets.name_hints import NameHints, name_hints


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hea.xyz", NameHints()),
        ("HEA/Set 2/train.extxyz", NameHints("train", 2)),
        ("set1/train_100/OUTCAR", NameHints("train", 1, 100)),
        ("MgO_trainSet_n800.db", NameHints("train", None, 800)),
        ("a/Validation/x.xyz", NameHints("validation")),
        ("val-set3.xyz", NameHints("validation", 3)),
        ("testing/trainingset/b.xyz", NameHints("train")),
        ("testdata.zip/a.xyz", NameHints("test")),
        ("fold_1_TEST.traj", NameHints("test", 1)),
        ("water-64.xyz", NameHints()),
        ("dataset50.xyz", NameHints(None, None, 50)),
        ("latest/trained.xyz", NameHints()),
        ("HEA/train-val.traj", NameHints("train")),
        ("HEA/val_and_train.traj", NameHints("train")),
        ("HEA/trainval.traj", NameHints("train")),
        ("train_test_split/x.traj", NameHints()),
        ("train/val/x.traj", NameHints("validation")),
        ("HEA/set10/test.traj", NameHints("test", 10)),
        ("HEA/fold0/test.traj", NameHints("test", 0)),
        ("HEA 0/x.traj", NameHints()),
        ("set2024/x.traj", NameHints()),
        ("md_800K.xyz", NameHints(None, None, 800)),
    ],
)
def test_names(name: str, expected: NameHints) -> None:
    assert name_hints(name) == expected


@pytest.mark.parametrize(
    ("name", "observable", "together"),
    [
        ("Reaction/set1/neb.traj", "path", "Reaction/set1/neb.traj"),
        ("reaction/NEB_final/03/OUTCAR", "path", "reaction/NEB_final"),
        ("a.zip/ci-neb.xyz", "path", "a.zip/ci-neb.xyz"),
        ("train/neb.traj", "path", "train/neb.traj"),
        ("zeolites/CHA/EOS/v1.traj", "curve", "zeolites/CHA/EOS"),
        ("neb/train.traj", None, ""),
        ("set2/neb-trainset.traj", None, ""),
        ("nebula.traj", None, ""),
    ],
)
def test_frames_that_are_no_samples(name: str, observable: str | None, together: str) -> None:
    hints = name_hints(name)
    assert (hints.observable, hints.together) == (observable, together)
