"""A sandbox without a server, and programs of its organizations."""

import pytest

from django_bigin.sandbox import Sandbox

from .program import Program


@pytest.fixture
def sandbox():
    return Sandbox()


@pytest.fixture
def program(sandbox):
    return Program(sandbox)


@pytest.fixture
def two():
    """Two programs of two organizations: one in us, one in eu."""
    both = Sandbox(organizations=[{"data_center": "us"}, {"data_center": "eu"}])
    return Program(both), Program(both, 1, prefix="/eu")
