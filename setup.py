"""Let `python setup.py --version` answer. The metadata is in pyproject.toml, which says why the licence is here."""

from setuptools import setup

setup(license="BSD-3-Clause")
