"""Files for other programs, made from a model file by the tools of its own package."""
