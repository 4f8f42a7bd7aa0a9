# `make` lists the targets. The work is done by scripts in local/, each of which says what it is for.

.DEFAULT_GOAL := help
.PHONY: help local local-down build

help: ## list the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

local: ## build, start a local AWS, deploy into it; LOCAL_PORT=4566
	@local/stack up
	@local/stack status

local-down: ## stop the local AWS and remove its state
	@local/stack down

build: ## build the functions into .aws-sam/build; ARCH=x86_64 or arm64, this machine's by default
	@local/build
