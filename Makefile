# The course's commands. `make help` lists them.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3.14 python3,$(shell command -v $(name) 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin
CHECKS := llm_course/checks
ASSIGNMENTS := llm_course/assignments

# One thread: on a busy two-core machine two torch threads can be twenty times slower than one.
export OMP_NUM_THREADS ?= 1
# Tests start many processes: what Python has compiled is kept for the next.
export PYTHONDONTWRITEBYTECODE =
# Nothing is ever asked of a model hub.
export HF_HUB_OFFLINE = 1
export TRANSFORMERS_OFFLINE = 1
# Notebooks run in this environment, not in a kernel of the same name that the user has elsewhere.
export JUPYTER_PREFER_ENV_PATH = 1

.PHONY: help env wheels release widgets bench-widgets book site pdf epub bench-site bench-solve bench bench-grade unseen-answers checks constraints lab demo-class lint test test-long unit outputs notebooks grading sandboxes browser training chromium postgresql models models-smoke model-report capstone-reference

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(VENV)/.installed widgets $(CHECKS)/.done $(ASSIGNMENTS)/.done  ## make the environment in .venv

$(VENV)/.installed: pyproject.toml instructor/pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "No Python was found: install Python 3.11, 3.12, 3.13 or 3.14."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { \
	  echo "$(PYTHON) is $$($(PYTHON) --version): install Python 3.11, 3.12, 3.13 or 3.14, or name one with make PYTHON=..."; exit 1; }
	@echo "Installing Python's packages into $(VENV): this takes some minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	  --editable '.[development]' --editable './instructor[cluster,postgresql]'
	@echo '{}' > $(VENV)/package.json  # JupyterLab's own scripts are no modules, and those around them are
	@touch $@

# torch is left out: which build of it fits depends on the machine.
constraints: $(VENV)/.installed  ## write down the exact versions of all packages in .venv
	@$(BIN)/pip freeze --exclude-editable --exclude torch --exclude torchvision > constraints.txt
	@touch $(VENV)/.installed  # which has them

# The data of the learners' own checks follows from the specifications.
$(CHECKS)/.done: $(VENV)/.installed $(wildcard autograder/*.py autograder/exercises/*.py autograder/exercises/*/*.py autograder/exercises/*/*.md solutions/*.py llm_course/check.py llm_course/in_page.py llm_course/checking/*.py chapters/*/*.md)
	@$(BIN)/python -m autograder.authoring.checks && touch $@

# So do the notebooks that learners get.
$(ASSIGNMENTS)/.done: $(VENV)/.installed _config.yml $(wildcard autograder/notebooks/*.py autograder/exercises/*/*.py solutions/*.py chapters/*/exercises.md chapters/guides/whole_path.md)
	@$(BIN)/python -m autograder.authoring.assignments && touch $@

# Widgets: one self-contained module each, and the host that runs them on pages without a kernel.
WIDGETS := llm_course/widgets
BUILT := $(WIDGETS)/built
# What all share comes first: a widget may have it otherwise.
STYLES := $(WIDGETS)/ui/style.css $(filter-out $(WIDGETS)/ui/% $(BUILT)/%,$(wildcard $(WIDGETS)/*/style.css))
ESBUILD := node_modules/.bin/esbuild --log-level=warning --bundle --minify --target=es2022 --charset=utf8

widgets: $(BUILT)/.done $(BUILT)/site/_static/widgets/stories.js $(BUILT)/site/_static/widgets/fill-mask.js  ## build the widgets' JavaScript

$(BUILT)/kernel_code.js: node_modules/.package-lock.json $(wildcard $(WIDGETS)/models/kernel/*)
	@mkdir -p $(@D) && node $(WIDGETS)/models/kernel/assemble.js $@

$(BUILT)/.done: $(BUILT)/kernel_code.js node_modules/.package-lock.json $(filter-out $(BUILT)/%,$(wildcard $(WIDGETS)/*/*.ts)) $(STYLES)
	@$(ESBUILD) --format=esm --outdir=$(BUILT) --outbase=$(WIDGETS) --entry-names=[dir] $(wildcard $(WIDGETS)/*/widget.ts)
	@cat $(STYLES) | $(ESBUILD) --loader=css --outfile=$(BUILT)/style.css
	@cat $(filter-out %/decoder_map/style.css,$(STYLES)) | $(ESBUILD) --loader=css --outfile=$(BUILT)/style_without_map.css
	@$(ESBUILD) --format=iife --outfile=$(BUILT)/site/_static/widgets/host.js $(WIDGETS)/ui/host.ts
	@touch $@

bench-widgets: widgets  ## print how fast the course model writes in the page, and how fast widgets answer
	@$(BIN)/python -m benchmarks.widgets

# A model as a script: a page opened from a file may run the scripts beside it, but not fetch them.
define AS_SCRIPT
@mkdir -p $(@D)
@{ printf 'llmCourse.receiveAsset("$*","'; base64 < $< | tr -d '\n'; printf '")\n'; } > $@
endef
$(BUILT)/site/_static/widgets/%.js: llm_course/weights/%/browser.bin
	$(AS_SCRIPT)
$(BUILT)/site/_static/widgets/%.js: llm_course/weights/%/model.safetensors  # of a model without a browser.bin
	$(AS_SCRIPT)

node_modules/.package-lock.json: package-lock.json
	@command -v npm > /dev/null || { echo "The widgets are built with Node.js 18 or later: install it, then run this again."; exit 1; }
	npm ci --silent
	@touch $@

# What is handed out: two wheels, and the archive from which a learner begins.
WHEELS := _build/wheels
ARCHIVE := _build/release/llm-course.zip
WHEEL := $(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir $(WHEELS)
files = $(shell find $(1) -type f -not -name '*.pyc')

wheels: $(WHEELS)/.learner $(WHEELS)/.instructor  ## build the learner's and the instructor's wheel into _build/wheels

$(WHEELS)/.learner: pyproject.toml README.md $(BUILT)/.done $(CHECKS)/.done $(ASSIGNMENTS)/.done $(call files,llm_course)
	@rm -f $(WHEELS)/llm_course-*.whl && $(WHEEL) . && touch $@

$(WHEELS)/.instructor: _config.yml $(VENV)/.installed $(call files,instructor autograder solutions chapters)
	@rm -f $(WHEELS)/llm_course_instructor-*.whl && $(WHEEL) ./instructor && touch $@

release: wheels $(ARCHIVE)  ## build the wheels, and the learner's archive that the site offers

$(ARCHIVE): _ext/archive.py $(WHEELS)/.learner
	@$(BIN)/python -m _ext.archive $(WHEELS)/llm_course-*.whl

# The book. Sphinx does not repeat a warning about a page it need not read again, so after a failure it reads all anew.
book: site  ## build the book and serve it on localhost
	@$(BIN)/python -m _ext.serve _build/html

# What is handed out and checked in a page is made where there is none, and taken as it is otherwise: it depends on all pages.
MADE_ONCE := $(if $(wildcard $(CHECKS)/in_page),,$(CHECKS)/.done) $(if $(wildcard $(ARCHIVE)),,$(ARCHIVE))
site: $(VENV)/.installed widgets _build/.extensions $(MADE_ONCE)  ## build the book into _build/html
	@$(BIN)/python -m _ext.build || { rm -rf _build/.doctrees; exit 1; }

# Both are made from the built pages: nothing is executed or read a second time.
pdf: site chromium  ## print the whole book into _build/pdf
	@$(BIN)/python -m _ext.whole_book.pdf

epub: site  ## write the whole book as an ePub into _build/epub
	@$(BIN)/python -m _ext.whole_book.epub

bench-site: site benchmarks/node_modules/.package-lock.json  ## measure the built pages with Lighthouse
	@$(BIN)/python -m benchmarks.site

bench-solve: site  ## measure how soon an exercise in the page answers
	@$(BIN)/python -m benchmarks.solve $(ARGUMENTS)

bench: bench-widgets bench-site bench-solve bench-grade  ## run all benchmarks

benchmarks/node_modules/.package-lock.json: benchmarks/package-lock.json
	npm ci --silent --prefix benchmarks
	@touch $@

# Nor does Sphinx look at the extensions' own files, at the widgets' code, or at what draws formulas.
_build/.extensions: package-lock.json $(BUILT)/.done $(wildcard _ext/*.* _ext/solve/*.* _ext/static/* _templates/*.html _templates/*/*.html)
	@rm -rf _build/.doctrees && mkdir -p _build && touch $@

lab: env  ## open JupyterLab with the assignments laid out in lab/; options in ARGUMENTS="--no-browser --port 8899"
	@mkdir -p lab && cd lab && ../$(BIN)/python -m llm_course lab $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGUMENTS)

demo-class: env  ## make a class of synthetic learners in demo-class/, and grade it
	@$(BIN)/python -m tests.banks.demo_class demo-class

bench-grade: env  ## measure grading beside stock nbgrader; options in ARGUMENTS="--submissions 50 --rounds 1"
	@$(BIN)/python -m benchmarks.grading $(ARGUMENTS)

unseen-answers: env  ## judge a folder of answers that the graders have not seen: ARGUMENTS=folder
	@$(BIN)/python -m benchmarks.unseen_answers $(ARGUMENTS)

checks: env  ## build the data of the learners' own checks, and write the page of the graders' figures
	@$(BIN)/python -m autograder.authoring.exercise_counts

# Tests. `make test` runs all but the slow ones, the same each time; each layer has a target for daily work.
PYTEST := $(BIN)/pytest
# tests/conftest.py says which tests stay together, and in which order they come. Some wait, for a deadline or a browser:
# meanwhile another process works.
PROCESSES := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
IN_PARALLEL = --numprocesses $(PROCESSES) --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

lint: env  ## ruff, mypy, codespell
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet . && $(BIN)/mypy \
	  && git ls-files -z | xargs -0 $(BIN)/codespell

test: env widgets chromium postgresql lint  ## run the tests, and list those that took longest
	@$(PYTEST) $(IN_PARALLEL) --durations 40 --durations-min 10

test-long: env widgets chromium postgresql benchmarks/node_modules/.package-lock.json  ## every night and before a release: the slow tests, too, for hours
	@$(PYTEST) $(IN_PARALLEL) --run-slow --timeout 7200 --durations 40 --durations-min 60

unit: PROCESSES := $(shell getconf _NPROCESSORS_ONLN)  # they do not wait
unit: env widgets  ## the tests without a browser, a sandbox or a grading
	@$(PYTEST) $(IN_PARALLEL) -m "not notebooks and not grading and not sandboxes and not browser and not training"

outputs: PROCESSES := $(shell getconf _NPROCESSORS_ONLN)  # some pages measure times
outputs: env widgets  ## run the pages that changed, with their claims, and keep what they put out beside them
	@$(PYTEST) $(IN_PARALLEL) --keep-outputs tests/chapters/test_notebooks.py

notebooks: env widgets  ## execute every cell of the book
	@$(PYTEST) $(IN_PARALLEL) --run-slow -m notebooks

grading: env postgresql  ## the banks of submissions through real nbgrader
	@$(PYTEST) $(IN_PARALLEL) -m grading

sandboxes: env  ## what a sandbox for learners' code holds
	@$(PYTEST) $(IN_PARALLEL) -m sandboxes


browser: env widgets chromium  ## the built pages in headless Chromium
	@$(PYTEST) -m browser

training: env  ## train the course models and capstones briefly
	@$(PYTEST) -m training

# Tests and the PDF need Chromium. Where it cannot be installed, they fail and say what is missing.
chromium:
	@command -v chromium > /dev/null || { command -v apt-get > /dev/null && test "$$(id -u)" = 0 \
	  && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium > /dev/null; } \
	  || echo "Chromium is not installed and cannot be installed from here: the browser tests and make pdf will fail."

# Only the test of a gradebook in PostgreSQL needs a server; where it cannot be installed, that test fails and says so.
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || command -v initdb > /dev/null || { \
	  command -v apt-get > /dev/null && test "$$(id -u)" = 0 && apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql > /dev/null; } \
	  || echo "PostgreSQL is not installed and cannot be installed from here: its tests will fail."

# The course's models are shipped; these remake them. A run that was stopped goes on from its last checkpoint.
models: env  ## train the course models anew, in about half an hour on two quick cores with bfloat16 instructions
	@$(BIN)/python -m llm_course.training

models-smoke: env  ## a few steps of every model's training, into _build/models-smoke
	@rm -rf _build/models-smoke
	@$(BIN)/python -m llm_course.training --smoke --output _build/models-smoke/weights --runs _build/models-smoke/runs

capstone-reference: env  ## make the capstone's reference run anew, about five minutes of processor time
	@$(BIN)/python -m llm_course.capstone _build/capstone
	@cp _build/capstone/ledger.jsonl llm_course/capstone/reference.jsonl
	@cp _build/capstone/answers.json llm_course/capstone/reference_answers.json

model-report: env  ## measure the shipped models again and write report, cards and checksums
	@$(BIN)/python -m llm_course.training --report-only
