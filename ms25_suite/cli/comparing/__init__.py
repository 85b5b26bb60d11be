"""Comparison of finished runs with each other."""
