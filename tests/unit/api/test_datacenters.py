import pytest

from django_bigin.api.datacenters import (
    DATA_CENTERS,
    DEFAULT_CODES,
    OPT_IN_CODES,
    by_accounts_server,
    by_api_domain,
    data_center,
)


def test_the_irregular_hosts_are_right():
    assert data_center("us").accounts_server == "https://accounts.zoho.com"
    assert data_center("au").api_domain == "https://www.zohoapis.com.au"
    assert data_center("ca").accounts_server == "https://accounts.zohocloud.ca"
    assert data_center("cn").accounts_server == "https://accounts.zoho.com.cn"


def test_the_table_is_closed():
    assert set(DATA_CENTERS) == {*DEFAULT_CODES, *OPT_IN_CODES}
    with pytest.raises(TypeError):
        DATA_CENTERS["evil"] = DATA_CENTERS["us"]


@pytest.mark.parametrize("code", OPT_IN_CODES)
def test_uk_and_ae_come_only_where_the_site_opts_in(code):
    with pytest.raises(ValueError, match="switched on"):
        data_center(code)
    assert data_center(code, opted_in=[code]).code == code


@pytest.mark.parametrize("code", ["com", "US", "", "com.evil.example", "eu@evil"])
def test_an_unknown_code_names_those_that_exist(code):
    with pytest.raises(ValueError, match="us, eu, in, au"):
        data_center(code)
    with pytest.raises(ValueError, match="There is no"):
        data_center(code, opted_in=[code])


@pytest.mark.parametrize("center", DATA_CENTERS.values())
def test_every_origin_finds_its_data_center(center):
    assert by_accounts_server(center.accounts_server) is center
    assert by_api_domain(center.api_domain) is center


@pytest.mark.parametrize(
    "origin",
    [
        "http://accounts.zoho.com",
        "https://accounts.zoho.com/",
        "https://accounts.zoho.com:443",
        "https://ACCOUNTS.zoho.com",
        "https://accounts.zoho.com.evil.test",
        "https://accounts.zoho.com@evil.test",
        "https://accounts.zoho.au",
        "https%3A%2F%2Faccounts.zoho.com",
        "",
    ],
)
def test_only_the_exact_origin_is_found(origin):
    assert by_accounts_server(origin) is None
    assert by_api_domain(origin.replace("accounts.zoho", "www.zohoapis")) is None
