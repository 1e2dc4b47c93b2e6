# The course's commands. `make help` lists them.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name) 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin

# One thread: on a busy two-core machine two torch threads can be twenty times slower than one.
export OMP_NUM_THREADS ?= 1
# Nothing is ever asked of a model hub.
export HF_HUB_OFFLINE = 1
export TRANSFORMERS_OFFLINE = 1

.PHONY: help env

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(VENV)/.installed  ## make the environment in .venv

$(VENV)/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python was found: install Python 3.11, 3.12 or 3.13."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	  echo "$(PYTHON) is $$($(PYTHON) --version): install Python 3.11, 3.12 or 3.13, or name one with make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[development]'
	@touch $@
