# Everything a newcomer needs with nothing but Python >= 3.11 and make. `make demo` is the place to start.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo test test-spark lint docs format lock bench bench-promotion bench-speed rivals clean

install: $(STAMP)

# uv installs the locked versions in seconds; where it cannot (a mirror known only to pip), pip does it.
$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; none is on the PATH." >&2; exit 1; }
	@echo "Installing into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@grep -A 100 '^uv==' requirements.lock | awk 'NR > 1 && !/^ /{exit} {print}' > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --system-certs --python $(BIN)/python --require-hashes --no-deps -r requirements.lock 2>$(VENV)/uv.log \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP)
	@$(BIN)/kedro demo

# On all cores, each test on one of them: threads beside it would only wait for each other.
test: $(STAMP)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n auto --dist worksteal

# Spark is a download of some 450 MB and needs Java 17; once it is here, `make test` runs these tests too.
test-spark: $(STAMP)
	@$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --require-hashes --no-deps -r requirements-spark.lock \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-spark.lock
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/engines/test_spark_scan.py tests/engines/test_spark_session.py \
	  tests/datasets/test_spark.py tests/e2e/test_spark.py

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The documentation site, in site/; a link or an anchor that leads nowhere is an error.
docs: $(STAMP)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The simulations behind statistical claims, then every suite of docs/verdicts.md: hours on two cores.
bench: $(STAMP)
	$(BIN)/python -m pytest -m slow
	$(BIN)/python benchmarks/verdicts.py --fresh

# How often the promotion gate promotes equal and better challengers (docs/promotion-rates.md): some minutes on one core.
bench-promotion: $(STAMP)
	$(BIN)/python benchmarks/promotion.py

# The same job here and in five other libraries, and growth curves (docs/performance.md). Environments, tables and
# results are kept in .bench-speed/: an interrupted bench goes on where it was, --fresh measures all again.
bench-speed: $(STAMP)
	$(BIN)/python benchmarks/speed/bench.py

# Evidently and NannyML in environments of their own (see benchmarks/rivals/README.md), on some of the same streams.
rivals: $(STAMP)
	@for name in evidently nannyml; do \
	  $(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv-$$name && \
	  $(BIN)/uv pip install --quiet --system-certs --python .venv-$$name/bin/python \
	    -r benchmarks/rivals/requirements-$$name.txt || exit 1; done
	$(BIN)/python benchmarks/verdicts.py --only none --rivals

# xgboost names a CUDA library of 469 MB that it does not need on a CPU.
lock: $(STAMP)
	$(BIN)/uv pip compile --system-certs --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --no-emit-package nvidia-nccl-cu12 --extra dev --quiet \
	  pyproject.toml -o requirements.lock
	@echo 'pyspark>=4.0,<5' | $(BIN)/uv pip compile --system-certs --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate --no-emit-index-url --no-emit-find-links --quiet - -o requirements-spark.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis site
