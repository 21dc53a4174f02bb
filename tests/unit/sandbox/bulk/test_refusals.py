"""Bulk reads that are refused."""

import pytest


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "REQUEST_BODY_IS_EMPTY"),
        (b"{", "REQUEST_BODY_NOT_READABLE"),
        (b"[]", "QUERY_NOT_SUPPORTED"),
        (b'{"query": "Contacts"}', "QUERY_NOT_SUPPORTED"),
        (b'{"query": {}}', "MODULE_NOT_AVAILABLE"),
    ],
)
def test_a_body_that_asks_for_nothing_is_refused(bulk, body, code):
    status, answer, _ = bulk.ask("POST", "", body)

    assert (status, answer["code"]) == (400, code)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"module": {"api_name": "Contacts"}}, "INVALID_DATA"),
        ({"module": "Notes"}, "MODULE_NOT_SUPPORTED"),
        ({"module": "Attachments"}, "MODULE_NOT_SUPPORTED"),
        ({"module": "Leads"}, "MODULE_NOT_AVAILABLE"),
        ({"module": "Deals"}, "MODULE_NOT_AVAILABLE"),
        ({"fields": ["Nickname"]}, "FIELD_NOT_AVAILABLE"),
        ({"fields": "Last_Name"}, "INVALID_DATA"),
        ({"module": "Events", "fields": ["Participants"]}, "FIELD_NOT_SUPPORTED"),
        ({"page": 0}, "PAGE_RANGE_EXCEEDED"),
        ({"page": 51}, "PAGE_RANGE_EXCEEDED"),
        ({"page_token": "none"}, "TOKEN_BOUND_DATA_MISMATCH"),
    ],
)
def test_what_a_job_refuses(bulk, query, code):
    assert bulk.start(**query) == (400, code)


def test_newer_crm_shapes_and_the_old_name_can_be_accepted(sandbox, bulk):
    sandbox.switch(bulk_module_object="accepted", bulk_deals="accepted")
    criterion = {"field": {"api_name": "Email"}, "comparator": "equal", "value": "x"}

    assert bulk.start(module={"api_name": "Contacts"}, criteria=criterion).isdigit()
    assert bulk.start(module="Deals").isdigit()


def test_a_refusal_may_stand_among_rows(sandbox, bulk):
    flat = bulk.ask("POST", "", {"query": {"module": "Notes"}})
    sandbox.switch(bulk_refusals="rows")

    status, body, _ = bulk.ask("POST", "", {"query": {"module": "Notes"}})

    assert flat[1]["code"] == "MODULE_NOT_SUPPORTED"
    assert (status, body) == (flat[0], {"data": [flat[1]]})


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", "/5"), ("POST", "/5/result")])
def test_there_is_no_list_and_no_cancelling(bulk, method, path):
    assert bulk.ask(method, path)[1]["code"] == "INVALID_REQUEST_METHOD"


def test_a_job_without_a_json_content_type_is_415_unless_switched(sandbox, program, bulk):
    def start(**headers):
        headers = {"Authorization": program.authorization, **headers}
        return program.ask("POST", "/bigin/bulk/v2/read", body={"query": {"module": "Contacts"}}, headers=headers)

    for headers in ({}, {"Content-Type": "application/x-www-form-urlencoded"}):
        status, body, _ = start(**headers)
        assert (status, body["code"]) == (415, "MEDIA_TYPE_NOT_SUPPORTED")
    sandbox.switch(bulk_content_type="any")
    assert start()[0] == 201
