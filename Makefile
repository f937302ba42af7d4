# Two commands do all set-up: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
BENCH ?= curve_shape

.PHONY: help demo test lint lab bench browser lock clean

help:
	@echo "make demo     install, render the sample's report, print where it is"
	@echo "make test     install what tests need and run them all"
	@echo "make lint     ruff, mypy, import-linter"
	@echo "make lab      open the notebooks in JupyterLab"
	@echo "make bench    run a benchmark: make bench BENCH=curve_shape"
	@echo "make browser  install Chromium and fonts for the page tests (Debian, Ubuntu; as root)"
	@echo "make lock     resolve the locks again after a change in pyproject.toml"

# uv is quick, pip is everywhere: whichever works first installs exactly what the lock says.
define install
	@$(BIN)/python -m uv pip install --quiet --require-hashes -r $(1) 2>/dev/null \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	@$(BIN)/python -m uv pip install --quiet --no-deps --no-build-isolation -e . 2>/dev/null \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endef

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -m venv .venv \
	  || { rm -rf .venv; echo "Python's venv module is needed (Debian: apt-get install python3-venv)"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null || true

.venv/.run: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing (once) ..."
	$(call install,requirements.lock)
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing (once) ..."
	$(call install,requirements-dev.lock)
	@touch $@ .venv/.run

demo: .venv/.run
	@$(BIN)/workbench demo

test: .venv/.dev
	@$(BIN)/pytest -n 2 --dist worksteal

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

lab: .venv/.run
	$(BIN)/jupyter lab --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate \
	  $$([ "$$(id -u)" != 0 ] || echo --allow-root) \
	  $$([ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ] || echo --no-browser) notebooks

# Rivals have an environment of their own: nothing of them is needed to run or to test.
.venv-bench/.done: requirements-bench.lock | $(BIN)/python
	@$(BIN)/python -m venv .venv-bench
	@$(BIN)/python -m uv pip install --quiet --python .venv-bench/bin/python --require-hashes -r $< 2>/dev/null \
	  || .venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench: .venv/.dev $(if $(filter budget_rivals budget_speed features injections,$(BENCH)),.venv-bench/.done)
	$(BIN)/python -m benchmarks.$(BENCH)

browser:
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core

lock: $(BIN)/python
	$(BIN)/python -m uv pip compile pyproject.toml --extra lab --extra build \
	  --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet -o requirements.lock
	$(BIN)/python -m uv pip compile pyproject.toml --extra lab --extra build --extra dev -c requirements.lock \
	  --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet -o requirements-dev.lock
	$(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['bench'], sep=chr(10))" \
	  | $(BIN)/python -m uv pip compile - \
	  --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet -o requirements-bench.lock

clean:
	rm -rf .venv .venv-bench build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
