# `make demo` and `make test` do all the set-up: a virtual environment in .venv, the package, SoftHSM2.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed-kms
INSTALLED_DEV := .venv/installed-dev
INSTALLED_BENCH := .venv/installed-bench

.PHONY: help setup demo test lint format vectors bench bench-peers peers-node scenarios coverage mutate fuzz crash soak clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "kmsgate needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 3; }
	$(PYTHON) -m venv .venv

$(INSTALLED): pyproject.toml | .venv/bin/python
	@echo "installing kmsgate into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[kms]'
	@touch $@

$(INSTALLED_DEV): pyproject.toml | .venv/bin/python
	@echo "installing kmsgate and what its tests need into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(INSTALLED)

$(INSTALLED_BENCH): pyproject.toml | .venv/bin/python
	@echo "installing kmsgate and the engines beside it into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@ $(INSTALLED) $(INSTALLED_DEV)

setup: $(INSTALLED) ## a virtual environment with kmsgate, and SoftHSM2
	@./scripts/ensure-softhsm

demo: setup ## allowed, denied, granted, linted; then for real on a new SoftHSM2 token
	@$(BIN)/python scripts/demo.py

test: $(INSTALLED_DEV) ## style, types, layout, and all tests
	@./scripts/ensure-softhsm
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(INSTALLED_DEV) ## style, types and layout only
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED_DEV) ## put all code in its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

scenarios: $(INSTALLED) ## every scenario, with the command that users have
	$(BIN)/explain-access test fixtures/scenarios

COVERED := conditions graph engine calls
coverage: $(INSTALLED_DEV) ## every branch of policy_engine/{conditions,graph,engine,calls} is taken by its tests
	$(BIN)/python -m pytest -q $(addprefix tests/,$(COVERED) explain scenarios) \
	  $(addprefix --cov=policy_engine.,$(COVERED)) --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

mutate: $(INSTALLED_DEV) ## small mistakes made in the code on purpose: does a test notice? (an hour and more)
	nice -n 10 $(BIN)/python -m tests.mutation.run conditions engine/combination.py engine/layers.py
	nice -n 10 $(BIN)/python -m tests.mutation.run --sample 500 --seed 1 graph reading

vectors: $(INSTALLED_DEV) ## all test vectors of Wycheproof, the RFCs and NIST; `make test` has a sample of each kind
	@./scripts/ensure-softhsm
	KMSGATE_VECTORS=all $(BIN)/python -m pytest tests/kms_core/vectors -q

KILLS ?= 200
SEED ?= 1
crash: $(INSTALLED_DEV) ## kill a process at every step of every change, KILLS (200) times: is what was acknowledged there?
	@./scripts/ensure-softhsm
	$(BIN)/python -m tests.kms_core.crash.run --kills $(KILLS) --seed $(SEED)

SECONDS ?= 60
soak: $(INSTALLED_DEV) ## 48 threads in 3 processes on one home for SECONDS (60): is every answer by rules that held?
	@./scripts/ensure-softhsm
	$(BIN)/python -m tests.kms_core.concurrency.run --seconds $(SECONDS) --seed $(SEED)

bench: $(INSTALLED_DEV) ## the benchmarks, as a table
	@./scripts/ensure-softhsm
	$(BIN)/python -m pytest bench --benchmark-enable --benchmark-only --benchmark-group-by=group \
	  --benchmark-columns=min,median,mean,stddev,ops,rounds -p no:randomly $(BENCH_ARGS)
	$(BIN)/python -m bench.ratios
	$(BIN)/python -m bench.kms_calls

SIZES ?= small medium
bench-peers: $(INSTALLED_BENCH) ## other engines on the same decisions; SIZES="small medium large" for all
	$(BIN)/python -m bench.peers --size $(SIZES) $(BENCH_ARGS)

peers-node: ## iam-simulate for bench-peers, into .peers: AGPL, and no part of this project
	npm install --prefix .peers --ignore-scripts --no-fund --no-audit @cloud-copilot/iam-simulate@0.1.173

FUZZ_SECONDS ?= 600
fuzz: $(INSTALLED_DEV) ## fuzz the policy reader for FUZZ_SECONDS (600)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check atheris
	@mkdir -p .fuzz/corpus
	@$(BIN)/python -c 'import json, pathlib; [pathlib.Path(f".fuzz/corpus/{i}").write_text(c["text"]) for i, c in \
	  enumerate(json.load(open("fixtures/malformed/index.json"))["cases"]) if "text" in c and c["text"].isascii()]'
	PYTHONPATH=. $(BIN)/python tests/fuzz/policy_text.py -max_total_time=$(FUZZ_SECONDS) -dict=tests/fuzz/tokens.dict \
	  -artifact_prefix=.fuzz/ -timeout=5 -print_final_stats=1 .fuzz/corpus

clean: ## remove what make made
	rm -rf .venv .demo .fuzz .peers build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
