# make demo               the whole loop on this machine: real servers, several days of data, a queue left open for you
# make demo STREAM=tweets another stream (tweets, receipts); ARGS=--exit stops the servers at the end, ARGS=--fresh starts over,
#                         ARGS=--drift has the scanner go wrong, ARGS="--days 2" plays the first two days
# make test               the tests, on real servers (ARGS="tests/unit -k policy": some of them)
# make test-all           those, too, that differ from another in a parameter only (tests/families.py)
# make lint               format, lint, types, layers
# make fuzz               10 000 odd and damaged inputs (minutes); ARGS="--first 10000": others; writes docs/results/fuzz.md
# make learning           what a second stage releases on the demo's data, over 20 splits (minutes); writes docs/results/learning.md
# make bench              how fast, on how much
# make bands              how many audits a later certificate takes, by band and at one rate (minutes); writes docs/results/audit-bands.md
# make soak               a day of all schedules under load (a quarter of an hour); writes docs/results/soak.md
# make streams            200 simulated streams of 60 days, judged by what was planted (some 40 minutes); `make test` lives 8
# make formats            every format and kind of score from its files to finished answers (minutes); `make test` walks three
# make faults             break everything on purpose, some thousand times; `make test` does a twentieth of it
#
# SECOND_READER_PREFECT=newest before any of them: with the newest Prefect that we accept, in an environment of its own
#
# The first of them sets everything up, within this folder. As root, PostgreSQL runs as nobody: the folders above get
# the right to be passed through (chmod o+x) where they lack it.

STREAM ?= digits
ARGS ?=
SOURCES = flows review models deploy tests
export PYTHON
VENV = .venv$(if $(SECOND_READER_PREFECT),-prefect-$(SECOND_READER_PREFECT))
# Without compiled modules every start of a command takes half as long again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-all lint bands bench faults formats fuzz learning soak streams setup setup-all

demo: setup-all
	@$(VENV)/bin/python -m deploy.demo $(STREAM) $(ARGS)

test: setup-all
	@SECOND_READER_FAMILIES=some $(VENV)/bin/python -m pytest --ignore tests/bench --numprocesses 4 --dist loadgroup $(ARGS)

test-all: setup-all
	@$(VENV)/bin/python -m pytest --ignore tests/bench --numprocesses 4 --dist loadgroup $(ARGS)

lint: setup
	@$(VENV)/bin/ruff format --check $(SOURCES)
	@$(VENV)/bin/ruff check $(SOURCES)
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

fuzz: setup
	@$(VENV)/bin/python -m tests.fuzz.hunt --write docs/results/fuzz.md $(ARGS)

learning: setup
	@OMP_NUM_THREADS=1 $(VENV)/bin/python -m tests.bench.learning --write docs/results/learning.md $(ARGS)

bench: setup-all
	@$(VENV)/bin/python -m pytest tests/bench --timeout 900 --capture no $(ARGS)

bands: setup
	@$(VENV)/bin/python -m tests.bench.audit_bands --write docs/results/audit-bands.md $(ARGS)

faults: setup-all
	@rm -f .local/faults.jsonl
	@SECOND_READER_FAULTS=all $(VENV)/bin/python -m pytest tests/faults --numprocesses 3 --dist worksteal $(ARGS); \
		ended=$$?; $(VENV)/bin/python -m tests.faults.table && exit $$ended

formats: setup-all
	@SECOND_READER_FORMATS=all $(VENV)/bin/python -m pytest tests/integration/walks/test_formats_through.py tests/e2e/test_score_kinds.py $(ARGS)

streams: setup
	@SECOND_READER_STREAMS=all $(VENV)/bin/python -m pytest tests/simulations/test_streams.py --numprocesses 2 $(ARGS)

soak: setup-all
	@$(VENV)/bin/python -m tests.soak.day --write docs/results/soak.md $(ARGS)

setup:
	@deploy/setup.sh

setup-all:
	@deploy/setup.sh label-studio
