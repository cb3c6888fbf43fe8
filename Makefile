# festning: two commands for a start (make up, make test), and the way back (make down).
# Needs root on Debian 12 or 13; see the README for what each of them changes on the machine.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

FORTRESS ?= examples/nordlys/fortress.yaml
VENV := .venv
FESTNING := $(VENV)/bin/festning --file $(FORTRESS)

# The lab: mmdebstrap makes the machines' image, systemd-container (systemd-nspawn) boots them, iproute2 joins them.
APT := mmdebstrap systemd-container iproute2 nftables util-linux debian-archive-keyring openssh-client python3-venv

.PHONY: help up down test unit lint bench bench-engine bench-failover bench-stack bench-edges lock packages clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

up: $(VENV)/installed ## install what is missing, boot the lab, apply the example, verify it
	$(FESTNING) --lab up

down: $(VENV)/installed ## take the lab away, without a trace (the image cache stays; make clean removes it)
	$(FESTNING) --lab down

test: lint unit ## everything that must hold: style, types, layout, unit tests, lab tests
	$(VENV)/bin/pytest -m lab

unit: $(VENV)/installed ## the tests that need neither root nor a lab
	$(VENV)/bin/pytest -n auto --dist loadfile -m "not lab"

lint: $(VENV)/installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(VENV)/installed ## measure the lab: boot, up, plan, memory
	$(VENV)/bin/python -m bench.lab --cold

bench-engine: $(VENV)/installed ## measure plan and apply beside pyinfra and Ansible, and on 50 hosts (35 minutes)
	$(VENV)/bin/python -m bench.engine

bench-failover: $(VENV)/installed ## measure every failure beside the stack of 2014 (hours; a stopped one goes on)
	$(VENV)/bin/python -m bench.failover --json build/failover.json

bench-stack: $(VENV)/installed ## measure the healthy stack beside that of 2014 (an hour)
	$(VENV)/bin/python -m bench.stack --json build/stack.json

packages: ## the Debian packages that the lab needs on this machine
	@missing=$$(for p in $(APT); do \
	    dpkg-query -W -f '$${db:Status-Status}' $$p 2>/dev/null | grep -qx installed || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	    [ "$$(id -u)" = 0 ] || { echo "missing: $$missing; as root: apt-get install" $$missing >&2; exit 64; }; \
	    echo "installing:" $$missing; \
	    apt-get update -qq; \
	    DEBIAN_FRONTEND=noninteractive apt-get install -yqq --no-install-recommends $$missing >/dev/null; \
	fi

# The stamp goes last, so that an interrupted installation is done again.
$(VENV)/installed: requirements.lock pyproject.toml | packages
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(VENV)/bin/pip install -q --disable-pip-version-check --no-deps --no-build-isolation --no-index \
	    --config-settings editable_mode=compat -e .
	@touch $@

bench-edges: $(VENV)/installed ## measure what a hub carries, growing edges, scaling and replacing them (half an hour)
	$(VENV)/bin/python -m bench.edges --json build/edges.json

lock: ## refresh requirements.lock from pyproject.toml (needs uv on the PATH)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" --all-extras --upgrade pyproject.toml -o requirements.lock

clean: ## remove the virtual environment and the lab's image cache
	rm -rf $(VENV) build dist *.egg-info /var/cache/festning
