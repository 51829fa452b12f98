# Two commands do everything on a fresh machine: `make train` and `make test`.
# Every target takes overrides: make train ARGS="data=taiwan model.n_estimators=300"
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=
RUN := $(BIN)/python -m delinquency

export MLFLOW_DISABLE_TELEMETRY := true
export PYTHONUTF8 := 1
# Threads that wait for each other by spinning cost more than the work itself on a busy machine; see
# src/delinquency/__main__.py. Sums of products here are short, and gain nothing from threads.
export OMP_WAIT_POLICY ?= PASSIVE
export GOMP_SPINCOUNT ?= 2000
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z][a-z_-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 22

$(STAMP): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) from requirements.lock (once, about three minutes) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed. Got: $$($(PYTHON) --version). Mend: make PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(RUN) stage=compile || echo "Not compiled ahead: it is done when it is first needed."
	@touch $(STAMP)

.PHONY: setup
setup: $(STAMP) ## Build .venv from the pinned versions (implied by every target)

.PHONY: inspect data features train evaluate explain cards audit score
inspect: $(STAMP) ## Look at a file before training (ARGS="inspect.path=my.csv inspect.draft=true")
	@$(RUN) stage=inspect $(ARGS)
data: $(STAMP) ## Read the source and write the canonical tables
	@$(RUN) stage=data $(ARGS)
features: $(STAMP) ## Engineer the features of the six traits
	@$(RUN) stage=features $(ARGS)
train: $(STAMP) ## Train, evaluate and explain on the default data: the main job
	@$(RUN) stage=train $(ARGS)
evaluate: $(STAMP) ## Evaluate the trained model (ARGS="evaluation=cross_validation" for folds and peers)
	@$(RUN) stage=evaluate $(ARGS)
explain: $(STAMP) ## Explain every account by the six traits
	@$(RUN) stage=explain $(ARGS)
cards: $(STAMP) ## Write the case book: a card for each account most at risk
	@$(RUN) stage=cards $(ARGS)
audit: $(STAMP) ## Score the explanations against the truth (synthetic portfolio)
	@$(RUN) stage=truth_audit $(ARGS)
score: $(STAMP) ## Score new accounts with the trained model
	@$(RUN) stage=score $(ARGS)

.PHONY: validate registry tune
tune: $(STAMP) ## Search the model's choices (ARGS="tune.minutes=30"; goes on where it stopped)
	@$(RUN) stage=tune $(ARGS)
validate: $(STAMP) ## Run the forty checks: reports/<data>/validation.html, .docx, .json (after train)
	@$(RUN) stage=validate $(ARGS)
registry: $(STAMP) ## Champion and challenger (ARGS="registry.do=register|promote|rollback")
	@$(RUN) stage=registry $(ARGS)

.PHONY: serve pack monitor export
serve: $(STAMP) ## Serve the model on this machine: accounts in, scores and reasons out
	@$(RUN) stage=serve $(ARGS)
pack: $(STAMP) ## Write the served model with all wheels it needs: packed/<data>, to start offline
	@$(RUN) stage=pack $(ARGS)
monitor: $(STAMP) ## Hold a new month against the model (ARGS="monitor.input=FOLDER"); red leaves with 4
	@$(RUN) stage=monitor $(ARGS)
export: $(STAMP) ## Write the scorer as SQL (DuckDB, PostgreSQL) and as one Python file
	@$(RUN) stage=export $(ARGS)

.PHONY: case forgetting
forgetting: $(STAMP) ## Measure what clearing overdue records costs (ARGS="data.window_months=24")
	@$(RUN) stage=forgetting $(ARGS)
case: $(STAMP) ## Work in the casework store (ARGS="case.do=verify"; docs/overdue-records.md)
	@$(RUN) stage=case $(ARGS)

.PHONY: policy life-cases
policy: $(STAMP) ## Print the whole of a policy (ARGS="policy=cn_2026")
	@$(RUN) stage=policy $(ARGS)
life-cases: $(STAMP) ## Play sixteen life cases under every policy; writes docs/treatment.md's table
	@$(RUN) stage=life_cases $(ARGS)

.PHONY: treat treatment-effects policy-diff
treatment-effects: $(STAMP) ## Play help as a trial on the synthetic portfolio, against its truth
	@$(RUN) stage=treatment_effects $(ARGS)
treat: $(STAMP) ## Propose lawful help for every account above the cut-off (after train)
	@$(RUN) stage=treat $(ARGS)
policy-diff: $(STAMP) ## Compare two policies (ARGS="policy=cn_2026 treatment.against=us_reg_f")
	@$(RUN) stage=policy_diff $(ARGS)

.PHONY: ui notebook lab
ui: $(STAMP) ## Open the MLflow UI on this machine (loopback only)
	@$(RUN) stage=ui $(ARGS)
notebook: $(STAMP) ## Run the notebooks, leaving executed pages in reports/notebooks/
	@$(RUN) stage=notebook $(ARGS)
lab: $(STAMP) ## Open the notebooks in JupyterLab (loopback only; installs it at the first time)
	@$(BIN)/python -c 'import jupyterlab' 2>/dev/null || $(BIN)/python -m pip install --quiet 'jupyterlab>=4,<5'
	@$(BIN)/jupyter lab --ip=127.0.0.1 --notebook-dir=notebooks $(ARGS)

.PHONY: docs
docs: $(STAMP) ## Write the generated pages in docs/
	@mkdir -p docs
	@$(BIN)/python -m delinquency.features.features_page > docs/.features.md && mv docs/.features.md docs/features.md
	@$(BIN)/python docs/api_page.py > docs/.api.md && mv docs/.api.md docs/api.md

.PHONY: check test
check: $(STAMP) ## Lint, types, import floors, audit of the installed packages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python .ci/audit.py
test: $(STAMP) ## Run the test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

.PHONY: validation-power audit-weights
validation-power: $(STAMP) ## Measure how often each check errs: 100 simulated portfolios, ten minutes
	@$(BIN)/python -W ignore benchmarks/validation_power.py --out docs/validation-power.md $(ARGS)
audit-weights: $(STAMP) ## Audit explanations under five drawn true weightings (about an hour)
	@$(BIN)/python -W ignore benchmarks/truth_weights.py $(ARGS)
.PHONY: sentence-laws
sentence-laws: $(STAMP) ## Check every sentence of a run from its own words (ARGS="--data taiwan"; after cards)
	@$(BIN)/python benchmarks/sentence_laws.py $(ARGS)
.PHONY: level-shift bench-quality
level-shift: $(STAMP) ## Measure whether moving the level of PDs helps, by seeds and cycle phases
	@$(BIN)/python -W ignore benchmarks/level_shift.py $(ARGS)
bench-quality: $(STAMP) ## Measure the recipe beside its peers with 100, 500 and 2,000 bads
	@$(BIN)/python -W ignore benchmarks/quality.py $(ARGS)
.PHONY: try-wheel
try-wheel: $(STAMP) ## Build the wheel, install it outside the checkout, and work with it
	@bash .ci/try-wheel

.PHONY: test-engines
test-engines: $(STAMP) ## Test engines, serving, monitoring and export (starts clusters and PostgreSQL)
	@DELINQUENCY_ENGINES=1 $(BIN)/python -m pytest tests/stages/test_score_stream.py tests/stages/test_score_stream_laws.py tests/stages/test_compile.py tests/scoring $(ARGS)

.PHONY: bench-setup bench-explain bench-tables bench-faults
bench-setup: $(STAMP) ## Add the public peers of bench-explain (needs a C compiler)
	@$(BIN)/python -m pip install --quiet --no-deps cython==3.3.1 wheel==0.48.0
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation fasttreeshap-fixed==0.1.5 lime==0.2.0.1
	@$(BIN)/python -m pip install --quiet --no-deps xgboost==3.2.0 treelite==4.8.1 shapiq==1.4.1 galois==0.4.11 networkx==3.6.1 sparse-transform==0.2.1 colour==0.1.5 woodelf-explainer==0.4.8
bench-tables: $(STAMP) ## Measure the recipe on made tables of many kinds against a regularised LightGBM
	@$(BIN)/python -W ignore benchmarks/own_tables.py $(ARGS)
bench-faults: $(STAMP) ## Count planted faults of a bureau portfolio that inspect finds (installs creforge)
	@$(BIN)/python -m pip install --quiet creforge==1.3.0
	@$(BIN)/python -W ignore benchmarks/planted_faults.py $(ARGS)
bench-explain: $(STAMP) ## Time the explainer beside predicting and the public explainers
	@$(BIN)/python -W ignore benchmarks/explain.py $(ARGS)
.PHONY: monitoring-power
monitoring-power: $(STAMP) ## Measure how often monitoring errs: stable months and planted drifts (ARGS="drift.runs=5")
	@$(BIN)/python -W ignore benchmarks/monitoring_drift.py $(ARGS)
.PHONY: bench-serve
bench-serve: $(STAMP) ## Time one account over HTTP beside MLflow's LightGBM flavour (ARGS="serve.requests=100")
	@$(BIN)/python -W ignore benchmarks/serving.py $(ARGS)
.PHONY: bench-scale
bench-scale: $(STAMP) ## Time scoring by size beside LightGBM's predict (ARGS="bench.accounts=[100000,1000000]")
	@case "$(ARGS)" in *creforge*) $(BIN)/python -m pip install --quiet creforge==1.3.0;; esac
	@$(BIN)/python -W ignore benchmarks/scale.py $(ARGS)

.PHONY: bench-sample
bench-sample: $(STAMP) ## Measure training on a sample against training on all (ARGS="sample.shares=[0.1]")
	@$(BIN)/python -W ignore benchmarks/sampled_training.py $(ARGS)

.PHONY: torture
torture: $(STAMP) ## Kill, pair and feed commands on purpose, 15 minutes at most (ARGS="--seed 7")
	@DELINQUENCY_TORTURE=1 $(BIN)/python -m pytest tests/reliability/test_same_bytes.py tests/casebook/test_store_machine.py tests/casebook/test_casebook_machine.py
	@$(BIN)/python tests/reliability/torture.py $(ARGS)
.PHONY: sbom
sbom: $(STAMP) ## Write a software bill of materials of the installed packages
	@$(BIN)/python .ci/sbom.py reports/sbom.json
