# Everything happens in .venv, which is made from the lock files with any Python from 3.11 to 3.13.

PYTHON ?=

# What the caller's shell has set for other environments must not reach ours.
unexport PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE CONDA_PREFIX
unexport PIP_CONSTRAINT PIP_NO_COMPILE PIP_PREFIX PIP_REQUIRE_VIRTUALENV PIP_ROOT PIP_TARGET PIP_USER

PIP = .venv/bin/python -m pip --disable-pip-version-check -qq
ACTIVE = VIRTUAL_ENV="$(CURDIR)/.venv" PATH="$(CURDIR)/.venv/bin:$$PATH"
PYTEST = $(ACTIVE) .venv/bin/pytest --numprocesses=logical --dist=worksteal
COMPILE = $(ACTIVE) .venv/bin/uv pip compile --quiet --universal --python-version=3.11 \
	--only-binary=:all: --generate-hashes --no-emit-index-url \
	--custom-compile-command='make lock'
LOCK = $(COMPILE) pyproject.toml

.PHONY: help demo demo-cli test soak lint benchmark lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: .venv/installed ## See all of it review a pull request; DEMO_EXIT=1 to end by itself
	@$(ACTIVE) python examples/make_demo.py

demo-cli: .venv/installed ## See the command line plan, run and report a small made-up change
	@$(ACTIVE) python examples/command_line.py

test: .venv/installed ## Run all tests; ARGS='-k runner' are passed on to pytest
	@$(PYTEST) $(ARGS)

soak: .venv/installed ## Run all tests with many more random examples
	@$(PYTEST) --hypothesis-profile=soak $(ARGS)

lint: .venv/installed ## Check style, types, layers and spelling as the pre-commit hooks do
	@$(ACTIVE) pre-commit run --all-files

benchmark: .venv/installed ## Compare nbci with other tools, time planning, count requests; ARGS for one part
	@$(ACTIVE) python benchmarks/run.py $(ARGS)
	@$(if $(ARGS),,echo; $(ACTIVE) python benchmarks/planning.py)
	@$(if $(ARGS),,echo; $(ACTIVE) python benchmarks/api_cost.py)
	@$(if $(ARGS),,echo; $(ACTIVE) python benchmarks/acknowledgement.py)
	@$(if $(ARGS),,echo; $(ACTIVE) python benchmarks/waiting_runs.py)

lock: .venv/installed ## Bring the lock files up to date with pyproject.toml; ARGS=--upgrade for newer
	@$(LOCK) --output-file requirements/run.txt $(ARGS)
	@$(LOCK) --extra action --constraint requirements/run.txt \
		--output-file requirements/action.txt $(ARGS)
	@$(LOCK) --extra bot --extra telemetry --constraint requirements/action.txt \
		--output-file requirements/bot.txt $(ARGS)
	@$(LOCK) --group test --group lint --group benchmark --group build \
		--constraint requirements/bot.txt --output-file requirements/test.txt $(ARGS)
	@$(COMPILE) --group build --constraint requirements/test.txt \
		--output-file requirements/build.txt $(ARGS)
	@$(COMPILE) --group kernel --constraint requirements/test.txt \
		--output-file requirements/kernel.txt $(ARGS)

clean: ## Remove the environment and everything that tools leave behind
	rm -rf .venv .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

.venv/locked: requirements/test.txt
	@echo "Making .venv with the packages of requirements/test.txt (once, about a minute)"
	@python=$$(sh requirements/find-python.sh "$(PYTHON)") && "$$python" -m venv --clear .venv
	@$(PIP) install --compile --require-hashes --only-binary=:all: -r requirements/test.txt
	@touch $@

.venv/installed: .venv/locked pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
