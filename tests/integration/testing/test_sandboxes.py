"""The sandbox in use, and its clock."""

import os
import unittest
import urllib.error
import urllib.request
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import SimpleTestCase
from django.utils import timezone

from django_bigin.sandbox import Sandbox
from django_bigin.testing import (
    BiginTestMixin,
    clock,
    connect,
    running_sandbox,
    sandbox_in_use,
)


def test_within_a_running_sandbox_the_package_is_pointed_to_it_and_afterwards_no_more() -> None:
    before = (getattr(django_settings, "BIGIN_SANDBOX_URL", None), django_settings.BIGIN_CLOCK)
    with running_sandbox(records={"Contacts": 2}) as outer:
        assert len(outer.records("Contacts")) == 2
        with running_sandbox() as inner:
            assert inner.url == django_settings.BIGIN_SANDBOX_URL
            assert sandbox_in_use() is inner
        assert outer.url == django_settings.BIGIN_SANDBOX_URL
        assert sandbox_in_use() is outer
    assert (getattr(django_settings, "BIGIN_SANDBOX_URL", None), django_settings.BIGIN_CLOCK) == before


def test_without_a_sandbox_it_is_said_how_to_get_one() -> None:
    with pytest.raises(RuntimeError, match="bigin_sandbox"):
        connect()


def call_what_is_not_there(sandbox: Sandbox) -> None:
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(sandbox.url + "/bigin/v2/no/such/thing")


def test_a_call_that_bigin_does_not_have_fails_the_block_that_made_it() -> None:
    with pytest.raises(AssertionError, match="no/such/thing"), running_sandbox() as sandbox:
        call_what_is_not_there(sandbox)


def test_a_call_that_bigin_does_not_have_fails_the_test_case_that_made_it() -> None:
    class Case(BiginTestMixin, SimpleTestCase):
        def test_it(self) -> None:
            call_what_is_not_there(self.sandbox)

        def test_another(self) -> None:
            assert self.sandbox.calls()["total"] == 0

    result = unittest.TestResult()
    unittest.TestSuite([Case("test_it"), Case("test_another")]).run(result)
    [(case, trace)] = result.failures
    assert (case._testMethodName, result.testsRun, result.errors) == ("test_it", 2, [])
    assert "no/such/thing" in trace


def test_a_failure_of_the_test_itself_is_what_is_shown() -> None:
    with pytest.raises(KeyError), running_sandbox() as sandbox:
        call_what_is_not_there(sandbox)
        raise KeyError


def test_what_a_test_asks_for_on_purpose_can_be_forgotten(bigin_sandbox: Sandbox) -> None:
    call_what_is_not_there(bigin_sandbox)
    bigin_sandbox.clear_calls()


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_sites_own_settings_fixture_and_the_sandboxs_undo_each_other_in_order(
    when: str, settings: Any, request: Any
) -> None:
    if when == "before":
        settings.BIGIN_SANDBOX_URL = None
    sandbox = request.getfixturevalue("bigin_sandbox")
    assert sandbox.url == django_settings.BIGIN_SANDBOX_URL
    settings.BIGIN_READ_TIMEOUT_SECONDS = 1


def test_nothing_of_it_is_left_behind() -> None:
    assert getattr(django_settings, "BIGIN_SANDBOX_URL", None) is None
    assert not hasattr(django_settings, "BIGIN_READ_TIMEOUT_SECONDS")
    assert abs(clock.now() - timezone.now()) < timedelta(seconds=5)


def test_the_clock_is_the_sandboxs(bigin_sandbox: Sandbox) -> None:
    bigin_sandbox.advance(86_400)
    assert clock.now() - timezone.now() > timedelta(hours=23)


def test_another_process_follows_the_clock_by_the_sandboxs_address(settings: Any) -> None:
    with Sandbox() as elsewhere:
        settings.BIGIN_SANDBOX_URL = elsewhere.url
        elsewhere.advance(86_400)
        assert clock.now() - timezone.now() > timedelta(hours=23)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
# Python 3.12 and on warn of forking beside threads, which is what Celery's workers do.
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_worker_follows_the_clock_too(bigin_sandbox: Sandbox) -> None:
    bigin_sandbox.set_speed(0)
    reading, writing = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0 if clock.now().year == 2031 else 1)
    bigin_sandbox.set_clock("2031-01-01T00:00:00+00:00")
    os.close(writing)
    assert os.waitpid(worker, 0)[1] == 0
    os.close(reading)
