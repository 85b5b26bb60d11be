"""Speed on a GPU: predictions and molecular dynamics against the bare model, and against TorchSim.

``python -m tests.benchmarks.gpu`` writes a JSON file and a table; docs/gpu-benchmark.md says how to
run and to read them. Nothing here is run by pytest but a try in small (`tests.unit.gpu_benchmark`).
"""
