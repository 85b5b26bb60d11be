"""Back ends: kernels of other libraries for the models of an architecture."""
