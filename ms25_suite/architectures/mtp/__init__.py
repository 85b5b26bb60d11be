"""Moment tensor potentials by motep: model files and training."""
