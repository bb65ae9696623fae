# The commands of an installation on one machine; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Several of these start the same servers: one after the other, also under make -j.
.NOTPARALLEL:

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3 || true)
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: backup restore rehearse help venv venv-test demo test pictures up down status logs audit faults alerts bench lint lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: ## install the pinned packages the platform runs on
	@deploy/venv "$(PYTHON)" requirements.txt

venv-test:
	@deploy/venv "$(PYTHON)" requirements-test.txt

demo: venv ## set up, start, fill and tell the story of an exchange; leaves the platform running
	@$(RUN) -m deploy.local up
	@$(RUN) -m deploy.demo

up: venv ## start the platform (safe to repeat) and print its address; POOLS=file: pools by region
	@$(RUN) -m deploy.local up $(if $(POOLS),--pools $(POOLS))

down: ## stop the platform; its data stay
	@$(RUN) -m deploy.local down

status: ## show every process, its memory and its health
	@$(RUN) -m deploy.local status

logs: ## follow the logs; SERVICE=ledger for one process
	@$(RUN) -m deploy.local logs $(SERVICE)

test: venv-test ## check the code and run all tests against private servers
	@$(RUN) -m deploy.local test

pictures: venv-test ## test the pages, and keep each state of each at four widths in var/screenshots
	@$(RUN) -m deploy.local pictures

lint: venv-test ## check format, style and types
	@$(RUN) -m ruff format --check .
	@$(RUN) -m ruff check .
	@$(RUN) -m mypy

audit: venv ## prove that nothing was lost or doubled and that all balances sum to zero
	@$(RUN) -m deploy.audit

backup: venv ## copy all databases as of one moment, while they work; TO=FOLDER
	@$(RUN) -m deploy.backup $(if $(TO),--to "$(TO)")

restore: venv ## bring a backup into an installation that holds nothing; FROM=FOLDER, ASIDE=1
	@$(if $(FROM),,echo "Say which: make restore FROM=FOLDER" >&2; exit 2;) \
		$(RUN) -m deploy.restore "$(FROM)" $(if $(ASIDE),--put-aside)

rehearse: venv ## back up the running platform, restore and start it beside, audit it, remove it
	@$(RUN) -m deploy.rehearsal

faults: venv-test ## kill, repeat, disorder and poison under load, then audit (3 minutes); MINUTES=60 for the long form
	@$(RUN) -m tests.faults $(if $(MINUTES),--minutes $(MINUTES)) $(OPTIONS)
	@$(if $(MINUTES),TIMEBANK_TEST_LONG=1 $(RUN) -m pytest -q tests/system/test_description.py tests/gateway/test_contract.py,true)

alerts: venv-test ## make the fault behind each alert, and see whom a real Prometheus calls (90 seconds)
	@$(RUN) -m tests.faults.called

bench: venv-test ## measure speed beside others; ROUNDS=1 SECONDS=5 for the short form
	@$(RUN) -m tests.benchmarks $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(filter command,$(origin SECONDS)),--seconds $(SECONDS))

lock: ## write the lock files anew from pyproject.toml (needs uv; OPTIONS=--upgrade for newer)
	@deploy/lock $(OPTIONS)

clean: down ## stop, and remove the packages and all data of this clone
	@$(RUN) -m deploy.local forget
	@rm -rf $(VENV)
