"""A client's site and its sandbox."""

import pytest

from ..client_site import World


@pytest.fixture
def world():
    return World()
