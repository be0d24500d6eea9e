# make run and make test install what is missing; ARGS goes to authbench: make run ARGS="browse --clients 16"
# make help lists the targets: its lines are those that stand after ## here.
BIN := .build/release/authbench
VENV := .venv
ARGS ?=
# What authbench advise measured itself is the page of its verdicts.
RESULTS ?= $(firstword $(if $(ADVICE),$(wildcard $(ADVICE)/run/latest)) results/latest)
ADVICE ?=
EXPOSURE ?=
SWEEP ?=
CLAIMS ?=
ALSO ?=
# How far away Redis is in make run, one result folder each, and in make distance; ARGS="--store-rtt …" says it instead,
# and a server of your own (--redis) is where it is.
RTT ?= direct,1ms
# What make run asks for without ARGS, so that it takes less than a minute: signing 100 000 RS256 tokens takes as long.
QUICK := --population 20000
SECONDS := 5
TARGETS :=
DEFECT := hs256-jwt:slow5
# Functions begin at cache lines: otherwise a change anywhere in the program moves all code behind it, and the same
# instructions take some per cent more or less.
ALIGNED := -Xswiftc -Xllvm -Xswiftc -align-all-functions=6

.PHONY: run help report claims cluster shards distance lifetime frameworks payload sweep test soak build lint check smoke counts bench httpspeed fuzz schema docs defect example clean

run: build $(if $(findstring postgres,$(ARGS))$(findstring sessions,$(ARGS))$(findstring revocable,$(ARGS))$(findstring all,$(ARGS)),.build/packages-postgres) ## Measures all strategies, Redis next door and 1 ms away. make run ARGS="browse --clients 16"
	@$(BIN) run $(if $(findstring --store-rtt,$(ARGS))$(findstring --redis,$(ARGS)),,--store-rtt $(RTT)) $(or $(ARGS),$(QUICK))

help: ## Lists these targets.
	@sed -nE 's/^([a-z]+):.* ## (.*)/\1\t\2/p' Makefile | awk -F '\t' '{ printf "make %-8s %s\n", $$1, $$2 }'

# The page beside the CSV files of a run. ADVICE puts the verdicts of authbench advise first. EXPOSURE, SWEEP and CLAIMS add what
# these commands measured, each from its folder, and ALSO runs at other rates or distances.
report: $(VENV)/report ## Writes report.html, a run on one page. ADVICE= and EXPOSURE= are further folders.
	@$(VENV)/bin/python plot/report.py "$(RESULTS)" $(if $(ADVICE),--advice "$(ADVICE)") $(if $(EXPOSURE),--exposure "$(EXPOSURE)") \
	    $(ALSO:%=--also %) $(if $(SWEEP),--sweep "$(SWEEP)") $(if $(CLAIMS),--claims "$(CLAIMS)")

# Status 3 says that a row was disturbed, which the figure marks. Of a store 5 ms away less than 2 s have no p99.
distance: FOLDER = results/distance-$(shell date -u +%Y%m%dT%H%M%S)
distance: RTT = direct,0.2ms,0.5ms,1ms,2ms,5ms
distance: build $(VENV)/report ## Draws time against the distance to the store, in two minutes. RTT=direct,10ms
	@folder=$(FOLDER); $(BIN) run --store-rtt $(RTT) --out $$folder $(or $(ARGS),$(QUICK) --duration 2.5) || [ $$? -eq 3 ] || exit $$?; \
	    $(VENV)/bin/python plot/distance.py $$folder/[0-9]* --out $$folder

# Six numbers of clients, 1 among them, are what the scalability law needs.
SWEPT := --strategy sqlite-session --strategy redis-session --strategy hs256-jwt --strategy hybrid
sweep: FOLDER = results/sweep-$(shell date -u +%Y%m%dT%H%M%S)
sweep: build $(VENV)/report ## Draws time against the number of clients, in two minutes. ARGS="--over rate 1000..8000 x2"
	@folder=$(FOLDER); $(BIN) sweep $(or $(ARGS),browse --over clients 1..32 x2 --population 20000 --duration 1 $(SWEPT)) --out $$folder || [ $$? -eq 3 ] || exit $$?; \
	    $(VENV)/bin/python plot/sweep.py $$folder/latest-sweep --out $$folder

claims: build .build/packages-postgres ## Tells which claims about sessions and tokens hold here, in a few minutes. ARGS=--quick
	@$(BIN) claims $(ARGS)

# Each size once a round, so that a busy moment meets all of them.
payload: build ## Measures what a check of a token costs as its claims grow, in two minutes.
	@python3 plot/payload.py $(BIN) $(ARGS)

# Access tokens of several lives, between the plain token and the session that it stands between.
LIVES := $(foreach life,1m 5m 15m 1h,--strategy hybrid@access=$(life)) --strategy hs256-jwt --strategy sqlite-session
lifetime: FOLDER = results/lifetime-$(shell date -u +%Y%m%dT%H%M%S)
lifetime: build $(VENV)/report ## Draws what a request costs with access tokens of 1, 5, 15 and 60 minutes, in a minute.
	@folder=$(FOLDER); $(BIN) run $(or $(ARGS),browse --population 20000 --duration 2) $(LIVES) --out $$folder || [ $$? -eq 3 ] || exit $$?; \
	    $(VENV)/bin/python plot/lifetime.py $$folder/latest --out $$folder

# Servers that others wrote, in one run: some minutes, most of them for the first build of Hummingbird. What ARGS asks for
# is a run of your own, and no page changes.
frameworks: FOLDER = results/frameworks-$(shell date -u +%Y%m%dT%H%M%S)
frameworks: build $(VENV)/report $(VENV)/frameworks/installed .build/packages-frameworks ## Measures Django, Flask, FastAPI, nginx and Hummingbird in one run (docs/http.md).
	swift build -c release --product hummingbird-sessions --package-path Examples/HummingbirdSessions --scratch-path .build-hummingbird
	@folder=$(FOLDER); $(VENV)/frameworks/bin/python Examples/frameworks/compare.py $(BIN) --out $$folder \
	    $(or $(ARGS),--keep results/frameworks) || [ $$? -eq 3 ] || exit $$?; \
	    $(VENV)/bin/python plot/frameworks.py $$folder/latest $(if $(ARGS),,--out results/frameworks && .ci/doc-tables)

# The store is on the first of three machines, which are network namespaces; the load comes from the two others.
cluster: build .build/packages-cluster ## Measures one trace from two machines of a private Slurm, merged (docs/machines.md).
	@AUTHBENCH=$(CURDIR)/$(BIN) python3 Examples/cluster/private_slurm.py Examples/cluster/slurm.sbatch \
	    $(or $(ARGS),browse --strategy redis-session --repeats 3 --duration 3)

shards: build .build/packages-cluster ## Measures what two shards reach together beside the sum of what each reaches alone.
	@python3 Benchmarks/Shards/sum.py $(BIN)

build: .build/packages-run ## Builds the program. The first time takes minutes.
	@swift build -c release --product authbench $(ALIGNED)

.PHONY: test-swift test-python
# Both halves wait much for the programs that they drive, so they run at once.
test: .build/packages-test $(VENV)/installed build ## Runs all tests, on a real SQLite file and real Redis servers.
	@$(MAKE) --no-print-directory -j2 --output-sync=line test-swift test-python

# The simulations in the tests calculate much: their target is optimised, which SwiftPM allows in no package that others use.
test-swift: export AUTHBENCH_TESTS := 1
test-swift test-python: export AUTHBENCH_PROGRAM := $(CURDIR)/$(BIN)
test-swift:
	swift build --product authbenchPackageTests
	@.ci/swift-tests

test-python:
	$(VENV)/bin/python -m pytest -q Tests/Cluster Tests/Docs Tests/Frameworks Tests/HTTP Tests/Import Tests/Interop Tests/Pipelines Tests/Soak
	$(VENV)/bin/python -m pytest -q plot/tests

# 500 signals at random and aimed moments over all commands that measure or write: some 12 minutes. Then random input.
soak: build ## Sends 500 signals at bad moments and feeds random input, in about 20 minutes. TRIALS=500
	python3 Tests/Soak/soak.py $(BIN) --trials $(or $(TRIALS),500)
	@$(MAKE) --no-print-directory fuzz

lint: ## Checks the format of the Swift files.
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks Examples

check: lint ## Checks the format and the rules of the architecture.
	.ci/check-structure
	.ci/check-grain
	.ci/plain-english

# Builds a product of another package that is mostly made of the program's own modules: in the program's folder, since they
# are there already. SwiftPM would take the plan of one package for the other's.
define build-beside
	@rm -f .build/release/description.json
	swift build -c release --product $(1) --package-path $(2) --scratch-path .build $(ALIGNED)
	@rm -f .build/release/description.json
endef

# The part of the benchmarks that is the same on every machine.
counts: export AUTHBENCH_BENCHMARKS := Counts
counts: build ## Counts what the hot paths allocate, and fails when it is more than before.
	$(call build-beside,Counts,Benchmarks)
	@.build/release/Counts Benchmarks/Thresholds/counts.json

# The hot paths piece by piece, and against the bare calls below them and the libraries beside them: Benchmarks/README.md.
bench: .build/packages-run ## Measures the hot paths beside the bare calls below them. TARGETS=Ratios
	@.ci/bench $(TARGETS)

# Our HTTP client beside wrk, and our server beside a bare swift-nio one.
httpspeed: build .build/packages-http ## Measures the HTTP client beside wrk, and the server beside swift-nio, in turns.
	swift build -c release --package-path Benchmarks/HTTP --scratch-path .build-http
	python3 Benchmarks/HTTP/speed.py $(BIN) .build-http/release/nio-server

# The columns of the CSV files, from the tables that write them.
schema: build ## Writes results/SCHEMA.md, which explains every column of the CSV files.
	@$(BIN) schema >results/SCHEMA.md

# The tables and figures in the documents, from results/reference and results/reference-exposure.
docs: ## Writes the tables in the documents from the reference runs.
	@.ci/doc-tables

# A short real run of everything, as CI makes it.
smoke: build ## Makes a short real run of everything, as CI does.
	.ci/smoke $(BIN)

# A program that is worse on purpose, for trying the gate: make defect DEFECT=hs256-jwt:slow5 (1 to 50 per cent),
# DEFECT=hs256-jwt:refuse (one good credential in 1000) or another of Sources/AuthStrategies/ChosenDefect.swift, for any strategy.
# DEFECT=by-name takes it from the file's name, authbench+hs256-jwt+slow5: .ci/gate-trials runs many so.
defect: .build/packages-run ## Builds a program that is worse on purpose, to try the gate. DEFECT=hs256-jwt:slow5
	AUTHBENCH_DEFECT=$(DEFECT) swift build -c release --product authbench $(ALIGNED) --scratch-path .build-defect
	@mkdir -p .build-defect/programs
	@cp .build-defect/release/authbench .build-defect/programs/$(subst :,-,$(DEFECT))
	@SWIFT_BACKTRACE=enable=no .build-defect/programs/$(subst :,-,$(DEFECT)) --version

# A package with a strategy, a store and an algorithm of its own, as a user of the library has it.
example: build $(VENV)/report ## Builds and tries Examples/MyAuthbench: a strategy, a store and an algorithm of your own.
	$(call build-beside,my-authbench,Examples/MyAuthbench)
	@.ci/example

# Tests/Fuzz/README.md: make fuzz SECONDS=600 TARGETS="json csv"
fuzz: .build/packages-test ## Feeds random input to every parser. SECONDS=600 TARGETS="json csv"
	AUTHBENCH_FUZZ=1 swift build -c release --product authbench-fuzz --scratch-path .build-fuzz \
	    -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing -Xswiftc -use-ld=lld
	@.ci/fuzz .build-fuzz/release/authbench-fuzz $(SECONDS) $(TARGETS)

.build/packages-%: .ci/install-packages
	@.ci/install-packages $*
	@mkdir -p .build && touch $@

$(VENV)/bin/python: | .build/packages-report
	python3 -m venv $(VENV)

$(VENV)/report: plot/requirements.txt | $(VENV)/bin/python
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VENV)/frameworks/installed: Examples/frameworks/requirements.txt Examples/frameworks/flask/requirements.txt | .build/packages-frameworks
	python3 -m venv $(VENV)/frameworks
	$(VENV)/frameworks/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VENV)/installed: $(VENV)/report $(wildcard Tests/*/requirements.txt) plot/tests/requirements.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check $(patsubst %,-r %,plot/requirements.txt $(filter %.txt,$^))
	@touch $@

clean: ## Removes everything that was built, but no results.
	rm -rf .build .build-fuzz .build-defect .build-bench .build-http .build-hummingbird Benchmarks/.benchmarkBaselines $(VENV)
