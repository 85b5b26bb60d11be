"""Two errors compared: their ratio on different frames, their difference on the same ones."""
