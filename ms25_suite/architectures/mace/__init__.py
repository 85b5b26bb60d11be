"""MACE: model files and training."""
