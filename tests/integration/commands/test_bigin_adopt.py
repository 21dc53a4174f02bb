"""`bigin_adopt`: who owns the database."""

import pytest

from django_bigin import clock
from django_bigin.models import Connection, Installation
from tests.support.commands import Ran

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status


def test_adopts_on_purpose(settings):
    Installation.objects.create(pk=1, identifier="production", adopted_at=clock.now())
    settings.BIGIN_INSTALLATION_ID = "staging"
    ran = Ran("bigin_adopt")
    assert ran.code == 0
    assert "belongs to installation staging" in ran.out
    assert Installation.objects.get().identifier == "staging"


def test_needs_a_name_to_adopt_it_as(settings):
    settings.BIGIN_INSTALLATION_ID = ""
    ran = Ran("bigin_adopt", "--json")
    assert ran.code == ran.document["exit_code"] == 1
    assert "BIGIN_INSTALLATION_ID" in ran.error


def test_a_copy_of_the_database_does_not_act(settings, connection):
    Installation.objects.all().delete()
    Installation.objects.create(pk=1, identifier="production", adopted_at=clock.now())
    settings.BIGIN_INSTALLATION_ID = "staging"
    ran = Ran("bigin_sync")
    assert ran.code == 1
    assert "bigin_adopt" in ran.out
