"""Files with frames, and the labels in them."""
