"""Dataset cards: one TOML file for each built-in dataset."""
