# Shortcuts for frequent commands. `bin/longshore --help` lists all.
SHELL := /bin/bash
.DEFAULT_GOAL := help

STACK ?= local
# Systems by name, separated by commas, or all: make up SYSTEMS=todo,orchestrator
SYSTEMS ?=
# Without a choice `make up` brings one system up; the other words are about all of them.
picked = $(if $(filter-out all,$1),--system $1)

.PHONY: help setup up preview down status check test campaign soak bench format

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  SYSTEMS=todo,… picks systems, STACK=prod another stack; more: bin/longshore --help"

setup: node_modules/.package-lock.json ## install what the commands need (done by all others)

node_modules/.package-lock.json: package.json package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20.19 or newer (https://nodejs.org)" >&2; exit 1; }
	@echo "installing dependencies (about 30 s)"
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

up: setup ## bring AI todo up on this machine (SYSTEMS=all for everything)
	@bin/longshore up --stack $(STACK) $(call picked,$(or $(SYSTEMS),todo)) $(if $(filter local,$(STACK)),--yes)

preview: setup ## show what `pulumi up` on prod would create (offline; STACK=dev for another)
	@bin/longshore preview --stack $(if $(filter local,$(STACK)),prod,$(STACK)) --offline $(call picked,$(SYSTEMS))

down: setup ## stop the systems on this machine, keep their data
	@bin/longshore down --stack $(STACK) $(call picked,$(SYSTEMS)) $(if $(filter local,$(STACK)),--yes)

status: setup ## show what runs
	@bin/longshore status --stack $(STACK) $(call picked,$(SYSTEMS))

check: setup ## check types, style, and what needs no containers (a minute)
	@CHANGED="$(CHANGED)" node --import tsx tests/run.ts check

test: setup ## run all tests (SUITES=unit, FILES=tests/…, CHANGED=main for what a change affects)
	@CHANGED="$(CHANGED)" node --import tsx tests/run.ts $(SUITES) $(FILES)

campaign: setup ## kill commands, Docker and containers at random moments (KILLS=200, SEED=…); half a minute per kill
	@node --import tsx tests/campaign/run.ts --kills $(or $(KILLS),200) $(if $(SEED),--seed $(SEED)) --page docs/maintainers/campaign.md
	@node --import tsx tests/campaign/disk-full.ts

soak: setup ## send 100 requests per second to AI todo during rollouts, rotations and backups (MINUTES=60)
	@node --import tsx tests/campaign/soak.ts --minutes $(or $(MINUTES),60) --page docs/maintainers/soak.md

bench: setup ## measure against peers
	@node --import tsx bench/run.ts
	@node --import tsx bench/load.ts

format: setup ## format the code and apply automatic fixes
	@npm run --silent format
