# Two commands are all that a new user must know:
#
#   make run     installs VLC if it is missing, builds, and opens the demo
#   make test    installs what the tests need, and runs everything
#
# `make run LIST=my.m3u` opens a list of your own.

.PHONY: run build test lint bench golden fuzz clean
.DEFAULT_GOAL := build

SOURCES := $(shell find . -name '*.go' -not -name '*_test.go') go.mod go.sum
LIST ?= demo

run: build
	@.ci/install run
	@./tapedeck $(LIST)

build: tapedeck

tapedeck: $(SOURCES)
	go build -o $@ .

test: lint
	@.ci/install test || test -z "$$CI"
	go test -race -timeout 14m ./...
	@.ci/install missing

lint:
	@test -z "$$(gofmt -l .)" || { echo "not gofmt-ed:"; gofmt -l .; exit 1; }
	go vet ./...
	go tool staticcheck ./...

# Ratios against a peer in one run, printed as a table that BENCH.md keeps. Not a
# test: nothing fails.
bench: build
	@.ci/install test || test -z "$$CI"
	@TAPEDECK_BENCH=$(CURDIR)/BENCH.md go test -count=1 -run '^TestBench$$' -timeout 30m . && cat BENCH.md

# Rewrites the screens that the tests compare with; read the diff.
golden:
	go test ./tui . -update

# Each fuzz target for FUZZTIME.
FUZZTIME ?= 30s
fuzz:
	@for p in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p || exit 1; \
	  done; \
	done

clean:
	rm -f tapedeck
