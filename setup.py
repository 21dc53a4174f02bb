"""Let `python setup.py --version` answer; the metadata is in pyproject.toml (but for the licence, which says why there)."""

from setuptools import setup

setup(license="BSD-3-Clause")
