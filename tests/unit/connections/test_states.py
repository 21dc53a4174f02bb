"""The table of states says everything of each status, and nothing that contradicts itself."""

import pytest

from django_bigin.connections import states
from django_bigin.exceptions import ConnectionNotReadyError, RefreshTokenError
from django_bigin.models import Connection

Status = Connection.Status


def test_every_status_has_a_row():
    assert set(states.STATES) == set(Status)


@pytest.mark.parametrize("status", Status)
def test_what_is_said_is_in_sentences(status):
    state = states.STATES[status]
    for sentence in (state.happened, state.app_does, state.person_does or "."):
        assert sentence.endswith(".")


@pytest.mark.parametrize("status", Status)
def test_what_needs_a_person_says_what_to_do(status):
    state = states.STATES[status]
    assert state.person_does or not state.needs_person


def test_what_is_synced_has_its_token_kept_fresh():
    assert set(states.SYNCABLE) < set(states.TOKEN_KEPT)


@pytest.mark.parametrize("status", Status)
def test_only_a_connection_whose_token_is_kept_fresh_is_worked_with(status):
    connection = Connection(org_name="Acme", data_center="us", status=status)
    if status in states.TOKEN_KEPT:
        states.require_connected(connection)
        return
    with pytest.raises((ConnectionNotReadyError, RefreshTokenError)) as raised:
        states.require_connected(connection)
    assert raised.value.message == f"Acme (us): {states.STATES[status].happened} {states.STATES[status].person_does}"


def test_a_lost_grant_is_told_from_a_connection_that_is_switched_off():
    with pytest.raises(RefreshTokenError):
        states.require_connected(Connection(status=Status.NEEDS_AUTHORIZATION))
    with pytest.raises(ConnectionNotReadyError):
        states.require_connected(Connection(status=Status.PAUSED))
