"""Signs that predictions and labels follow different conventions."""
