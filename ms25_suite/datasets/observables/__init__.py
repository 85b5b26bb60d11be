"""Observables of the reference: equations of state and reaction paths."""
