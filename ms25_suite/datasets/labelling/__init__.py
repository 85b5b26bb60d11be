"""Labels of frames, and the units that they are in."""
