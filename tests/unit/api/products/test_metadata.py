from datetime import UTC, datetime

import pytest

from django_bigin.api import metadata
from django_bigin.api.calls import Answer
from django_bigin.api.products.bigin import BIGIN
from django_bigin.exceptions import ResponseError

NOW = datetime(2026, 11, 3, 9, 14, 52, tzinfo=UTC)


def read_module(entry):
    return metadata.modules(BIGIN).read(Answer(200, {"modules": [entry]}, NOW))[0]


def read_field(entry):
    return metadata.fields(BIGIN, "Contacts").read(Answer(200, {"fields": [entry]}, NOW))[0]


def read_organization(entry):
    return metadata.organization(BIGIN).read(Answer(200, {"org": [entry]}, NOW))


def test_a_module_is_read():
    entry = {
        "api_name": "Associated_Products",
        "plural_label": "Associated Products",
        "api_supported": True,
        "viewable": True,
        "generated_type": "subform",
        "parent_module": {"api_name": "Pipelines", "id": "1"},
        "modified_time": "2026-11-03T10:14:52+01:00",
    }
    module = read_module(entry)

    assert (module.api_name, module.parent_module, module.generated_type) == (
        "Associated_Products",
        "Pipelines",
        "subform",
    )
    assert module.modified_at == NOW
    assert module.readable
    assert module.raw == entry


def test_a_module_that_the_api_does_not_have_is_not_readable():
    assert not read_module({"api_name": "Social", "api_supported": False, "viewable": True}).readable
    assert not read_module({"api_name": "Products", "api_supported": True, "viewable": False}).readable
    assert read_module({"api_name": "Contacts", "parent_module": {}}).readable


def test_a_field_is_read():
    entry = {
        "api_name": "Account_Name",
        "field_label": "Company Name",
        "data_type": "lookup",
        "json_type": "jsonobject",
        "length": 120,
        "display_field": False,
        "read_only": False,
        "field_read_only": False,
        "custom_field": False,
        "unique": {},
        "lookup": {"api_name": "Contacts", "module": {"api_name": "Accounts", "id": "1"}},
    }
    field = read_field(entry)

    assert (field.api_name, field.label, field.data_type, field.length) == (
        "Account_Name",
        "Company Name",
        "lookup",
        120,
    )
    assert (field.unique, field.custom, field.read_only, field.display_field) == (False, False, False, False)
    assert field.lookup_module == "Accounts"
    assert read_field(entry | {"unique": {"casesensitive": "0"}}).unique


def test_a_link_to_any_module_names_none():
    field = read_field({"api_name": "Related_To", "lookup": {"module": {"api_name": "se_module", "id": "1"}}})

    assert field.lookup_module is None


def test_a_field_that_says_little_is_a_text():
    field = read_field({"api_name": "X"})

    assert (field.label, field.data_type, field.lookup_module, field.length) == ("X", "text", None, None)


def test_an_organization_is_read():
    entry = {
        "id": "7618134000000020005",
        "company_name": "Northwind Lite",
        "zgid": 942010964,
        "time_zone": "Africa/Nairobi",
        "license_details": {"paid": True, "users_license_purchased": 20},
    }
    read = read_organization(entry)

    assert (read.org_id, read.company_name, read.time_zone) == ("942010964", "Northwind Lite", "Africa/Nairobi")
    assert (read.paid, read.users_licensed) == (True, 20)


@pytest.mark.parametrize("users", [-1, 2**31, 10**30, True, 2.5, "20", None])
def test_a_number_of_licences_that_is_none_counts_as_none(users):
    entry = {"zgid": "1", "license_details": {"paid": True, "users_license_purchased": users}}

    assert read_organization(entry).users_licensed == 0


def test_an_organization_that_says_little_counts_as_free():
    read = read_organization({"zgid": "942010964", "license_details": None})

    assert (read.company_name, read.time_zone, read.paid, read.users_licensed) == ("", None, False, 0)
    with pytest.raises(ResponseError, match="zgid"):
        read_organization({})
