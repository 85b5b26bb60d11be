"""Metrics: pure functions from arrays to numbers, without files, options or thresholds."""
