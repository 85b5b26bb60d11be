"""Trained potentials behind one batch interface."""
