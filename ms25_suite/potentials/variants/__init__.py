"""Variants of a model that an option asks for: a fine-tuned child, one of its heads."""
