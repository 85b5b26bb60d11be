"""ANI of TorchANI: model files, training, kernels for its features."""
