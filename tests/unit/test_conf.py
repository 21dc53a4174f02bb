"""Settings are read when they are used, in either of the forms that a site writes them in."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_bigin.conf import settings as bigin


@pytest.mark.parametrize("name", ["BIGIN_SCOPES", "BIGIN_MODULES", "BIGIN_ALERT_RECIPIENTS"])
@pytest.mark.parametrize("value", [["a", "b"], ("a", "b"), "a,b", " a , b ,"])
def test_a_list_may_be_one_comma_separated_string(name: str, value: Any, settings: Any) -> None:
    setattr(settings, name, value)
    assert getattr(bigin, name) == ("a", "b")


def test_a_sandbox_host_may_be_named_in_a_string(settings: Any) -> None:
    settings.BIGIN_SANDBOX_URL = "http://sandbox.example:8400"
    settings.BIGIN_SANDBOX_HOSTS = "other.example, sandbox.example"
    assert bigin.BIGIN_SANDBOX_URL == "http://sandbox.example:8400"


def test_timeouts_must_end_before_the_lease_on_a_refresh(settings: Any) -> None:
    settings.BIGIN_READ_TIMEOUT_SECONDS = 41
    with pytest.raises(ImproperlyConfigured, match="below 45 together"):
        _ = bigin.timeouts


def test_uk_and_ae_are_for_those_who_opt_in(settings: Any) -> None:
    assert "uk" not in bigin.data_center_codes
    settings.BIGIN_EXTRA_DATA_CENTERS = "uk"
    assert "uk" in bigin.data_center_codes
