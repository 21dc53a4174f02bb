# An alias for dev.py: `make demo`, `make test`, `make lint` and so on. Arguments: `make test ARGS="--database postgres"`.
PYTHON ?= python3

help demo site test lint types migrations messages readme docs proofs bench tox:
	@$(PYTHON) dev.py $@ $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help demo site test lint types migrations messages readme docs proofs bench tox
