"""Datasets: cards, files, splits, and an audit of the labels."""
