"""Datasets for ms25-suite: the cards (``*.toml``) in this folder."""
