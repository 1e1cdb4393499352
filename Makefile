# One command runs the product, one passes its tests. `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8000
export PORT

.DEFAULT_GOAL := help
.PHONY: help run test test-everyday test-amazon test-faults test-gallery check bench lock messages chromium

help: ## list what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

run: $(VENV)/.run ## set everything up and run the product with living demo data (PORT=8000)
	@$(BIN)/python manage.py serve --demo --port $(PORT)

test: $(VENV)/.dev chromium ## set everything up and run the tests, on SQLite and again on PostgreSQL
	$(BIN)/pytest -q -n 2 --dist loadgroup
	$(BIN)/pytest -q -n 2 --dist loadgroup --db postgres --ignore tests/browser/test_gallery.py
	@$(MAKE) test-amazon

test-everyday: $(VENV)/.dev ## what a change is tried with while one works: SQLite, no browser, nothing that takes long
	$(BIN)/pytest -q -n 2 --dist loadgroup -m "not faults and not browser and not long and not amazon"

test-amazon: $(VENV)-amazon/.dev ## what Amazon SES posts, with its library, which wants an environment of its own
	$(VENV)-amazon/bin/pytest -q -m amazon tests/notifications

test-faults: $(VENV)/.dev ## kill workers, stop brokers, race: the full numbers (up to 25 minutes)
	$(BIN)/pytest -q -m faults -n 2 --dist loadgroup --db postgres --ignore tests/browser

test-gallery: $(VENV)/.dev chromium ## every screen in every state, light and dark, in both languages (about ten minutes)
	$(BIN)/pytest -q -m faults -n 2 --dist loadgroup tests/browser

check: $(VENV)/.dev ## what CI asks of the code before it runs the tests
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/mypy backorders config
	$(BIN)/lint-imports --no-cache
	$(BIN)/python manage.py makemigrations --check --dry-run
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') SITE_URL=https://shop.example \
		ANYMAIL_WEBHOOK_SECRET=check:check $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: $(VENV)/.dev ## how far from raw SQL we are: make bench JOBS="J2 J3a" N=10000
	$(BIN)/python -m tests.harness.postgres -- $(BIN)/python -m bench $(if $(JOBS),--jobs $(JOBS)) $(if $(N),--n $(N))

lock: $(VENV)/.run ## pin what requirements.txt and the others need, by hash, for every Python from 3.11.0 on
	$(BIN)/pip install -q uv
	for name in requirements requirements-dev requirements-amazon; do \
		$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			$$name.txt -o $$name.lock || exit 1; done

messages: $(VENV)/.dev ## compile the translations (needs gettext)
	$(BIN)/python manage.py compilemessages --ignore $(VENV)

chromium:
	@command -v chromium chromium-browser google-chrome >/dev/null \
		|| { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
		|| { echo "The browser tests need Chromium: apt-get install chromium"; exit 1; }

$(VENV)/.run: requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)-amazon/.dev: requirements-amazon.lock
	$(PYTHON) -m venv $(VENV)-amazon
	$(VENV)-amazon/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-amazon.lock
	@touch $@
