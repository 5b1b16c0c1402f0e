# Shopguide: `make chat` sets up what is missing and opens the shell chat.

PYTHON ?= python3
BIN := .venv/bin
# Any step's program must not read what is meant for the chat: set-up has no standard input.
SETUP := $(PYTHON) -m install setup

ifdef BENCH_DATA
export BENCH_DATA
endif

.DEFAULT_GOAL := help
.PHONY: help setup chat serve test images lint bench doctor lock audit clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:  ## set up what is missing: environments, weights, database, index, Rasa's model
	@$(SETUP) --say </dev/null

chat:  ## set up, start and chat in the shell (ARGS="--customer EMAIL" signs in)
	@$(SETUP) </dev/null >&2
	@exec $(BIN)/shopguide chat $(ARGS)

serve:  ## set up, start and print the address of the demo shop's page
	@$(SETUP) </dev/null >&2
	@exec $(BIN)/shopguide serve $(ARGS)

test:  ## set up, with the small language model and Chromium too, and run all tests (ARGS="-k NAME")
	@$(SETUP) </dev/null
	@$(BIN)/python -m weights ensure qwen2.5-0.5b
	@$(BIN)/python -m tests.chromium
	@$(BIN)/python -m pytest $(ARGS)

images:  ## build the images and run them together (with buildah, as root; takes minutes)
	@$(SETUP) </dev/null
	@$(BIN)/python -m pytest tests/shipping $(ARGS)

lint:  ## check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench:  ## print the benchmark tables (ONLY=NAME runs one, BENCH_DATA=FOLDER names the data)
	@$(SETUP) </dev/null >&2
	@$(BIN)/python -m tests.benchmarks $(ONLY) $(ARGS)

doctor:  ## what is installed, what is missing, how to mend it
	@$(PYTHON) -m install doctor

lock:  ## resolve the packages anew into the lock files (ARGS=--upgrade lets versions move)
	@$(PYTHON) -m install lock $(ARGS)

audit:  ## a bill of materials of the locks, and what is known to be wrong with them (ARGS="--advisories ZIP")
	@$(PYTHON) -m install audit $(ARGS)

clean:  ## remove what setup can make again; the database and the weights' cache stay
	@rm -rf .venv .venv-rasa build var/setup var/index var/log var/rasa/model.tar.gz
