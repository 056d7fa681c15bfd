# `make run` and `make test` need Python 3.11 or later; the lines that `make run` prints to try need curl.
PORT ?= 8000
PYTHON ?= python3
STAGE ?= dev
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
DEPLOYED_VENV := .local/venv-deployed
# What runs in Lambda. The rest is for an operator's machine, whose Python is the default one.
DEPLOYED_TESTS := $(addprefix tests/,domain oauth accounts adapters api blackbox)
SECOND_ENGINE := .local/dynalite/.tried
SECOND_ENGINE_LOCK := tests/network/second_engine/package.json tests/network/second_engine/package-lock.json
PUBLISHED_CLIENTS := .local/published-clients/.tried
PUBLISHED_CLIENTS_LOCK := tests/blackbox/published_clients/package.json tests/blackbox/published_clients/package-lock.json
# Into the environment and nowhere else, whatever pip's configuration says of `user`, `target`, `prefix` or `root`.
INTO_VENV := --no-user --target= --root=/ --prefix="$(CURDIR)/$(VENV)"
export PYTHONDONTWRITEBYTECODE ?= 1

.PHONY: help run test test-deployed check lint bench load soak new-function deploy destroy lock clean ready
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

run: ready ## Run the whole service on this machine (PORT=8000)
	@exec $(PY) -m infra.local

test: ready lint $(SECOND_ENGINE) $(PUBLISHED_CLIENTS) ## Check and test everything
	$(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-deployed: ready ## Run the unit and black-box tests on the functions' Python, if this machine has it
	@python=$$($(PY) -m tests.deployed_python) && { test -z "$$python" || { \
		$(MAKE) --no-print-directory VENV=$(DEPLOYED_VENV) PYTHON="$$python" ready && \
		$(DEPLOYED_VENV)/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(DEPLOYED_TESTS); }; }

check: ready lint ## Lint, types, architecture, known vulnerabilities
	$(PY) -m pytest tests/test_architecture.py tests/test_sizes.py

# What is no test of pytest: `make test` runs those of the architecture among the others.
lint: ready
	$(PY) -m ruff check --output-format concise .
	$(PY) -m ruff format --check -q .
	$(PY) -m mypy
	@$(PY) -m infra.audit

bench: ready ## Measure what it costs (ARGS="--short", --rows, --json, --help)
	@exec $(PY) -m tests.bench $(ARGS)

load: ready ## Drive the local stack, or a deployment by --url, with a bounded load (ARGS=--help)
	@exec $(PY) -m tests.load $(ARGS)

soak: ready ## Run the long simulations
	$(PY) -m pytest -m soak

new-function: ready ## Create a function of your own (NAME=notes)
	@exec $(PY) -m infra new-function -- "$(NAME)"

deploy: ready ## Deploy a stage to AWS (STAGE=prod; DRY_RUN=1 only shows it; ROLLBACK=1 goes back)
	@exec $(PY) -m infra deploy --stage "$(STAGE)" $(if $(REGION),--region "$(REGION)") $(if $(DRY_RUN),--dry-run) $(if $(ROLLBACK),--rollback) $(if $(YES),--yes) $(ARGS)

destroy: ready ## Delete the service of a stage; its users and its key stay (STAGE=prod)
	@exec $(PY) -m infra destroy --stage "$(STAGE)" $(if $(REGION),--region "$(REGION)") $(if $(YES),--yes) $(ARGS)

lock: ready ## Update the pinned dependencies, with hashes
	$(PY) -m uv pip compile -q --no-config --no-header --universal --python-version 3.11 --generate-hashes --upgrade requirements.in -o requirements.txt
	$(PY) -m uv pip compile -q --no-header --universal --python-version 3.11 --generate-hashes -c requirements.txt requirements.in -o requirements-lambda.txt
	$(PY) -m uv pip compile -q --no-header --universal --python-version 3.11 --generate-hashes --upgrade requirements-asymmetric.in -o requirements-asymmetric.txt
	$(PY) -m uv pip compile -q --no-config --no-header --universal --python-version 3.11 --generate-hashes --upgrade requirements-dev.in -o requirements-dev.txt

clean: ## Remove what the other targets made
	rm -rf $(VENV) .local .chalice/deployments .mypy_cache .ruff_cache .hypothesis

# The Python that made the environment may have been removed or moved since.
ready: $(STAMP)
	@$(PY) -c '' 2>/dev/null || { echo "The Python in $(VENV) does not run any more. Try: make clean, then: make $(MAKECMDGOALS)" >&2; exit 1; }

# A second DynamoDB engine besides moto, for concurrency tests; without it, those tests are skipped with a message.
$(SECOND_ENGINE): $(SECOND_ENGINE_LOCK)
	@rm -rf $(@D) && mkdir -p $(@D) && cp $(SECOND_ENGINE_LOCK) $(@D)
	@npm ci --silent --ignore-scripts --no-audit --no-fund --prefix $(@D) >$(@D)/install.log 2>&1 \
		|| echo "dynalite cannot be installed (is npm installed?): concurrency tests on a second engine are skipped."
	@touch $@

# Published clients, for tests that verify tokens elsewhere; without them, those tests are skipped with a message.
$(PUBLISHED_CLIENTS): $(PUBLISHED_CLIENTS_LOCK)
	@rm -rf $(@D) && mkdir -p $(@D) && cp $(PUBLISHED_CLIENTS_LOCK) $(@D)
	@npm ci --silent --ignore-scripts --no-audit --no-fund --prefix $(@D) >$(@D)/install.log 2>&1 \
		|| echo "jose, oauth4webapi and openid-client cannot be installed (is npm installed?): their tests are skipped."
	@touch $@

$(STAMP): requirements-dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or later is needed: '$(PYTHON)' was not found." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; '$(PYTHON)' is older. Try: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing the dependencies into $(VENV) ..."
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) || { echo "No virtual environment could be made: is the venv module of Python installed?" >&2; exit 1; }
	@$(PY) -m pip install -q --disable-pip-version-check $(INTO_VENV) --require-hashes -r requirements-dev.txt || { echo "The dependencies could not be installed: pip says why above." >&2; rm -rf $(VENV); exit 1; }
	@touch $@
