# Every target with a "## name: text" line shows in make help.

GO ?= go
BIN := bin/otdemo
# testscript starts our binary hundreds of times; the race detector would sleep
# a second at the end of each.
RACE_ENV := GORACE=atexit_sleep_ms=10

.DEFAULT_GOAL := help

## help: list the targets
.PHONY: help
help:
	@sed -n 's/^## \([a-z-]*\): \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  %-19s %s\n", $$1, $$2}'

## build: build bin/otdemo
.PHONY: build
build:
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN) .

## demo: build, and show a trace of a real request
.PHONY: demo
demo: build
	./$(BIN) demo

## test: run the tests
.PHONY: test
test:
	$(GO) test ./...
	cd bench && $(GO) test ./...

## race: run the tests under the race detector
.PHONY: race
race:
	$(RACE_ENV) $(GO) test -race ./...

## lint: run golangci-lint with the house rules
.PHONY: lint
lint:
	$(GO) tool -modfile=tools/go.mod golangci-lint run
	cd integration && $(GO) tool -modfile=../tools/go.mod golangci-lint run --config ../.golangci.yml
	cd bench && $(GO) tool -modfile=../tools/go.mod golangci-lint run --config ../.golangci.yml

## fmt: format the code
.PHONY: fmt
fmt:
	$(GO) tool -modfile=tools/go.mod golangci-lint fmt
	cd integration && $(GO) tool -modfile=../tools/go.mod golangci-lint fmt --config ../.golangci.yml
	cd bench && $(GO) tool -modfile=../tools/go.mod golangci-lint fmt --config ../.golangci.yml

## tidy: check that go.mod and go.sum say what is used
.PHONY: tidy
tidy:
	$(GO) mod tidy -diff
	cd integration && $(GO) mod tidy -diff
	cd bench && $(GO) mod tidy -diff
	cd tools && $(GO) mod tidy -diff

## check: everything that must hold before a commit lands
.PHONY: check
check: tidy lint test race

## integration: prove it against real Jaegers, Zipkin and Appdash, kept in the user's cache
.PHONY: integration
integration:
	cd integration && $(GO) run ./buildjaeger && $(GO) run ./buildstores zipkin-server
	cd integration && $(GO) test -count=1 -parallel 8 ./...

## integration-storage: prove it on real Elasticsearch, OpenSearch and Cassandra, and deploy/ on Docker
.PHONY: integration-storage
integration-storage:
	cd integration && $(GO) run ./buildjaeger && $(GO) run ./buildstores
	cd integration && $(GO) test -tags storage -count=1 -timeout 20m -run '^TestStorage' .
	cd integration && $(GO) test -tags storage -count=1 -timeout 20m -p 1 ./stores ./deploy

## web: build the page that is embedded, from web/ and its lock file
.PHONY: web
web: web-test
	cd web && npm run build

## web-test: run the tests of the page's code, with Node
.PHONY: web-test
web-test:
	cd web && npm ci --no-audit --no-fund && npm test

## fuzz: run each fuzz target for FUZZTIME (default 20s)
FUZZTIME ?= 20s
.PHONY: fuzz
fuzz:
	@set -e; $(GO) list ./... | while read -r pkg; do \
		$(GO) test -list '^Fuzz' "$$pkg" | grep '^Fuzz' | while read -r target; do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$pkg"; \
		done; \
	done

## bench: measure otdemo beside its likes; BENCH=-update writes docs/benchmarks.md
BENCH ?=
.PHONY: bench
bench:
	cd bench && $(GO) run . $(BENCH)
