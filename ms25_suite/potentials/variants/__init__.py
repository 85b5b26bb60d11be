"""Variants of a model that an option asks for: a fine-tuned child, one head, another back end."""
