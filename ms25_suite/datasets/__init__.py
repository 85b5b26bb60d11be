"""Datasets: cards, files, splits, and an audit of the labels."""

from __future__ import annotations

from ms25_suite.core.findings import Finding
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.datasets.registry import known_datasets
from ms25_suite.datasets.splits import Splits

__all__ = ["Dataset", "DatasetCard", "Finding", "Splits", "known_datasets", "open_dataset"]
