"""What errors are made of: parts of the data, terms of the energy, constants of the elements."""
