# `make` lists the targets. The work is done by scripts in local/, each of which says what it is for.

# `--bin`, never `-p`: without a package cargo chooses features for the whole workspace, so that what is compiled once serves all.
.DEFAULT_GOAL := help
# Not where `sam deploy` looks: that may hold another architecture's build.
TEST_BUILD := $(CURDIR)/.sluice/test-build
TARGET := $(or $(CARGO_TARGET_DIR),target)
# Tests that need a stack, and run only where there is one.
END_TO_END := --test end_to_end
SAM_LOCAL := --test sam_local
ON_POSTGRES := --test on_postgres
.PHONY: help local local-down replay build simulate pace-check trace-check bench bench-compare growth test check unit shop-test budgets update-check end-to-end \
	end-to-end-postgres end-to-end-mysql sam-local functions functions-postgres functions-mysql test-binaries aws-tools events clean

help: ## list the targets
	@sed -n 's/^#: \(.*\)/\n\1/p; s/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

#: Use it

local: ## build, start a local AWS, deploy into it; LOCAL_PORT=4566, STORE=postgres or mysql, PARAMETERS='StandardWritesPerSecond=50 HotSkus=85123A'
	@local/stack up
	@local/stack status

local-down: ## stop the local AWS and remove its state
	@local/stack down

replay: ## send a retailer's real sales to the stack of `make local`, and check that storage holds each order once
	@local/with-env cargo build --bin sluice
	@local/with-env cargo run --quiet --bin sluice -- replay data/online-retail-2010-12.csv

build: ## build the functions into .aws-sam/build; ARCH=x86_64 or arm64, this machine's by default; STORE=postgres or mysql
	@local/build

clean: local-down ## remove all that was built and installed here
	cargo clean
	rm -rf .aws-sam .sluice local/shop/node_modules

#: Test it (tests/README.md says which, and how to run one)

test: ## all tests, on stacks of their own; SLUICE_SAM_LOCAL=containers or emulator
	@echo "==> The parts of the tests run side by side, and each shows what it printed when it is done"
	@$(MAKE) --no-print-directory --jobs --keep-going --output-sync=target SIDE_BY_SIDE=yes check unit shop-test budgets update-check end-to-end end-to-end-postgres end-to-end-mysql sam-local

# In a folder of its own, because cargo lets only one command at a time into a folder. With `nice`, because other parts wait for the compiler.
check: ## formats, lints, the rules of the template, and the examples
	cargo fmt --all --check
	nice cargo clippy --target-dir $(TARGET)/clippy --workspace --all-targets $(END_TO_END) $(SAM_LOCAL) $(ON_POSTGRES) -- --deny warnings
	@local/check-template
	@local/check-examples

update-check: functions test-binaries aws-tools ## deploy template.yaml over the last release's stack with 1,000 orders waiting: none may be lost
	@tests/template/update-check $(TEST_BUILD)

unit: test-binaries ## the tests that need nothing but cargo
	nice cargo test --workspace

# In `make test` after all is compiled, because some of these look at the time.
shop-test: $(if $(SIDE_BY_SIDE),functions test-binaries) ## the tests of the issuer, the legacy shop and the proxy of local/shop
	@local/shop/install
	cd local/shop && node --test tests/*.test.mjs

budgets: functions test-binaries ## the functions' sizes, connections, calls, instructions and memory: none may exceed its limit
	cargo run --quiet --bin bench -- budgets $(TEST_BUILD)

# In `make test` after the unit tests, of which the simulation takes both processors for minutes, and after all that is compiled: some
# of these look at the time. They wait more than they work, so the stacks stand side by side.
end-to-end: functions test-binaries aws-tools $(if $(SIDE_BY_SIDE),unit functions-postgres functions-mysql) ## the whole path on a local AWS
	PARAMETERS="HotSkus=hot-1 OrderIdSecretsMaxAge=5" SLUICE_BUILD_DIR=$(TEST_BUILD) local/with-stack cargo test --workspace $(END_TO_END)

end-to-end-postgres: functions-postgres functions test-binaries aws-tools $(if $(SIDE_BY_SIDE),unit functions-mysql) ## the whole path on a local AWS and a PostgreSQL, which is killed in between
	@if local/database find >/dev/null; then \
		STORE=postgres SLUICE_BUILD_DIR=$(TEST_BUILD)-postgres local/with-stack cargo test --workspace $(ON_POSTGRES); \
	else test "$$SLUICE_DATABASES" != required; fi

# Without the move of a shop, which deploys four times and is the same for both databases but for the copy.
end-to-end-mysql: functions-mysql test-binaries aws-tools $(if $(SIDE_BY_SIDE),end-to-end-postgres) ## the same with a MariaDB
	@if STORE=mysql local/database find >/dev/null; then \
		STORE=mysql SLUICE_BUILD_DIR=$(TEST_BUILD)-mysql local/with-stack cargo test --workspace $(ON_POSTGRES) -- --skip moving::; \
	else test "$$SLUICE_DATABASES" != required; fi

sam-local: functions test-binaries aws-tools ## every event through the built functions, by `sam local`
	SLUICE_BUILD_DIR=$(TEST_BUILD) local/with-stack cargo test --workspace $(SAM_LOCAL)

functions: # as AWS gets them
	@local/build $(TEST_BUILD)

# Quickly built: what is tested is the store, and it is the same code.
functions-postgres functions-mysql: functions-%: functions test-binaries
	@! STORE=$* local/database find >/dev/null 2>&1 || PROFILE=dev STORE=$* local/build $(TEST_BUILD)-$*

test-binaries: # of all tests at once, so that no part of them waits for the compiler
	cargo build --bin receive-traces --bin bench --bin sluice
	cargo test --workspace --lib --bins --tests $(END_TO_END) $(SAM_LOCAL) $(ON_POSTGRES) --no-run

aws-tools:
	@local/venv aws

simulate: ## run the handlers under seeded faults; SEEDS=1000000 (how many), FROM=0 (the first), or SEED=7 (one, with all that happens)
	cargo run --quiet --bin simulate -- $(if $(SEED),--seed $(SEED),--from $(or $(FROM),0) --seeds $(or $(SEEDS),100000))

trace-check: ## post orders, and look at the trace of each
	@local/build $(TEST_BUILD)
	cargo build --bin sluice --bin receive-traces
	SLUICE_BUILD_DIR=$(TEST_BUILD) local/with-stack local/trace-check

events: ## write events/ again, after a change of the cases in tests/support/src/cases/
	cargo run --quiet --bin make-events

#: Measure it

bench: ## measure the functions beside the least that does their job: some 9 minutes; DELAY=5 (ms before AWS answers), ROUNDS=20, ONLY=accept, read or fulfill
	@local/build $(TEST_BUILD)
	@tests/measure/bench/build .sluice/bench
	cargo run --quiet --release -p sluice-bench -- speed $(TEST_BUILD) .sluice/bench --json .sluice/bench.json \
		$(if $(DELAY),--delay $(DELAY)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ONLY),--only $(ONLY))

bench-compare: ## measure what is different from the functions of another commit: REF=main
	@local/build $(TEST_BUILD)
	@ref=$$(tests/measure/bench/build-ref "$(REF)") && \
		cargo run --quiet --release -p sluice-bench -- compare "$$ref" $(TEST_BUILD) $(if $(ROUNDS),--rounds $(ROUNDS))

growth: ## measure what an order costs in PostgreSQL and MariaDB with up to 1,000,000 orders stored: 8 minutes
	cargo run --quiet --release -p sluice-bench -- growth

# A stack with a database has functions that are quickly built, like the tests': what is measured is the database.
pace-check: DATABASE := $(filter-out dynamodb,$(STORE))
pace-check: ## measure the pace as storage sees it, the lanes, and what `sluice plan` foretells: 20 minutes; PART=lanes, plan or pace. STORE=postgres or mysql: the pace on a database that can write little: 11 minutes; PICTURE=FILE
	@$(if $(DATABASE),PROFILE=dev )local/build $(TEST_BUILD)$(DATABASE:%=-%)
	cargo build --bin sluice --bin receive-traces --bin pace-check
	SLUICE_BUILD_DIR=$(TEST_BUILD)$(DATABASE:%=-%) local/with-stack cargo run --quiet --bin pace-check -- $(if $(PART),--part $(PART)) $(if $(PICTURE),--picture $(PICTURE))
