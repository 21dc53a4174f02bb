"""A program that reads in bulk."""

import pytest

from ..bulk_reader import Bulk


@pytest.fixture
def bulk(program):
    return Bulk(program.connect())
