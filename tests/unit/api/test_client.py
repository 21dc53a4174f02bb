import base64
import logging
import threading
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from django_bigin.api.client import ApiCall, Client
from django_bigin.api.datacenters import DATA_CENTERS, DataCenter, data_center
from django_bigin.api.transport import Timeouts
from django_bigin.exceptions import (
    AccessTokenError,
    AuthorizationError,
    BiginError,
    InvalidDataError,
    ModuleNotAvailableError,
    NetworkError,
    PageTokenError,
    PaginationLimitError,
    RateLimitError,
    RecordNotFoundError,
    RefreshTokenError,
    RequestError,
    ResponseError,
    ScopeError,
    ServerError,
    SyncError,
)

BIG = "5725767000000530017"
ANSWERED = datetime(2026, 11, 3, 9, 14, 52, tzinfo=UTC)
HTML = {"body": "<html>Sign in</html>", "headers": {"Content-Type": "text/html"}}
INVALID_TOKEN = {"code": "INVALID_TOKEN", "details": {}, "message": "invalid oauth token", "status": "error"}


def rows(*ids, token=None, more=False, **info):
    return {
        "data": [{"id": str(each)} for each in ids],
        "info": {"more_records": more, "next_page_token": token, **info},
    }


def refusal(code, message="the message", **details):
    return {"code": code, "details": details, "message": message, "status": "error"}


def results(*ids):
    return {"data": [{"code": "SUCCESS", "details": {"id": str(i)}, "message": "ok", "status": "success"} for i in ids]}


# -- one page --------------------------------------------------------------------------------------------------------


def test_a_page_is_asked_from_the_api_domain_of_the_table(server, client):
    server.answer(data=rows(BIG, sort_by="id", sort_order="asc"))

    page = client.fetch_page("Contacts", fields=["Last_Name", "Email"], page=2, sort_by="id", sort_order="asc")

    asked = server.asked[0]
    assert (asked.method, asked.path, asked.headers["Host"]) == ("GET", "/bigin/v2/Contacts", "www.zohoapis.eu")
    assert asked.headers["Authorization"] == "Zoho-oauthtoken 1000.first.token"
    assert asked.query == {
        "fields": "Last_Name,Email",
        "per_page": "200",
        "sort_by": "id",
        "sort_order": "asc",
        "page": "2",
    }
    assert page.records == [{"id": BIG}]
    assert page.sorted_by == ("id", "asc")
    assert page.answered_at == ANSWERED


@pytest.mark.parametrize("center", DATA_CENTERS.values(), ids=lambda each: each.code)
def test_each_data_center_is_asked_at_its_own_host(server, session, tokens, center):
    server.answer(204)

    Client(center, tokens, session=session).fetch_page("Contacts", fields=["Email"])

    assert server.asked[0].headers["Host"] == center.api_domain.removeprefix("https://")


def test_a_data_center_that_is_not_of_the_table_is_refused(session, tokens):
    with pytest.raises(ValueError, match="table"):
        Client(DataCenter("us", "https://accounts.zoho.com", "https://evil.test"), tokens, session=session)


def test_an_empty_module_gives_an_empty_page(server, client):
    server.answer(204)

    page = client.fetch_page("Contacts", fields=["Last_Name"])

    assert (page.records, page.more_records, page.answered_at) == ([], False, ANSWERED)


def test_ids_of_19_digits_are_exact_as_numbers_too(server, client):
    server.answer(body=b'{"data": [{"id": 5725767000000530017}, {"id": 5.725767000000530e18}]}')

    page = client.fetch_page("Contacts", fields=["Last_Name"])

    assert [record["id"] for record in page.records] == [BIG]
    assert len(page.malformed) == 1


def test_without_a_date_the_clock_of_the_caller_counts(server, session, tokens):
    now = datetime(2026, 1, 2, tzinfo=UTC)
    client = Client(data_center("eu"), tokens, session=session, now=lambda: now)
    for headers in ({}, {"Date": "nonsense"}):
        server.answer(204, headers=headers)

        assert client.fetch_page("Contacts", fields=["Last_Name"]).answered_at == now


@pytest.mark.parametrize(
    "how",
    [
        {"fields": []},
        {"fields": ["F"] * 51},
        {"fields": ["F"], "page": 1, "page_token": "t"},
        {"fields": ["F"], "per_page": 0},
        {"fields": ["F"], "per_page": 201},
    ],
)
def test_what_bigin_would_refuse_is_not_asked(server, client, how):
    with pytest.raises(ValueError):
        client.fetch_page("Contacts", **how)
    assert server.asked == []


@pytest.mark.parametrize("module", ["", "../org", "Contacts/1", "Contacts?x=1", "Con tacts", "1Contacts", "Contacts\n"])
def test_only_an_api_name_becomes_part_of_a_path(server, client, module):
    for call in (
        lambda: client.fetch_page(module, fields=["F"]),
        lambda: client.fetch_record(module, BIG),
        lambda: client.create(module, [{}]),
        lambda: client.delete(module, [BIG]),
        lambda: client.fetch_fields(module),
        lambda: client.count(module),
        lambda: client.fetch_deleted_page(module),
    ):
        with pytest.raises(ValueError, match="API name"):
            call()
    assert server.asked == []


# -- walks -----------------------------------------------------------------------------------------------------------


def test_a_walk_goes_on_by_token_with_all_else_as_it_was(server, client):
    server.answer(data=rows(1, 2, more=True, token="t1&="))
    server.answer(data=rows(3, 4, more=True, token="t2"))
    server.answer(data=rows(5))

    pages = list(client.iter_pages("Contacts", fields=["Email", "Modified_Time"], sort_by="id", sort_order="asc"))

    assert [record["id"] for page in pages for record in page.records] == ["1", "2", "3", "4", "5"]
    constant = {"fields": "Email,Modified_Time", "per_page": "200", "sort_by": "id", "sort_order": "asc"}
    assert [asked.query for asked in server.asked] == [
        constant | {"page": "1"},
        constant | {"page_token": "t1&="},
        constant | {"page_token": "t2"},
    ]


def test_a_walk_goes_on_by_number_where_no_token_is_given(server, client):
    server.answer(data=rows(1, more=True))
    server.answer(data=rows(2, more=True))
    server.answer(204)

    pages = list(client.iter_pages("Contacts", fields=["Email"]))

    assert len(pages) == 3
    assert [asked.query.get("page") for asked in server.asked] == ["1", "2", "3"]


def test_a_token_that_comes_late_is_taken(server, client):
    server.answer(data=rows(1, more=True))
    server.answer(data=rows(2, more=True, token="late"))
    server.answer(data=rows(3))

    list(client.iter_pages("Contacts", fields=["Email"]))

    assert server.asked[2].query == {"fields": "Email", "per_page": "200", "page_token": "late"}


def test_a_walk_that_was_cut_off_goes_on_with_its_token(server, client):
    server.answer(data=rows(3))

    list(client.iter_pages("Contacts", fields=["Email"], page_token="kept"))

    assert "page" not in server.asked[0].query
    assert server.asked[0].query["page_token"] == "kept"


@pytest.mark.parametrize("tokens_given", [["a", "a"], ["a", "b", "a"]])
def test_a_page_token_that_comes_twice_ends_the_walk(server, client, tokens_given):
    for number, token in enumerate(tokens_given):
        server.answer(data=rows(number + 1, more=True, token=token))

    walk = client.iter_pages("Contacts", fields=["Email"])

    with pytest.raises(SyncError, match="twice"):
        list(walk)
    assert len(server.asked) == len(tokens_given)


def test_the_token_a_walk_began_with_counts_as_seen(server, client):
    server.answer(data=rows(1, more=True, token="kept"))

    with pytest.raises(SyncError, match="twice"):
        list(client.iter_pages("Contacts", fields=["Email"], page_token="kept"))


def test_a_server_that_gives_one_page_for_ever_is_left(server, client):
    for _ in range(5):
        server.answer(data=rows(1, 2, more=True))

    with pytest.raises(SyncError, match="again and again"):
        list(client.iter_pages("Contacts", fields=["Email"]))


def test_new_records_may_push_a_page_to_the_next_number(server, client):
    server.answer(data=rows(2, 1, more=True))
    server.answer(data=rows(2, 1, more=True))
    server.answer(data=rows(0))

    assert len(list(client.iter_pages("Contacts", fields=["Email"]))) == 3


def test_more_without_a_token_in_the_midst_of_tokens_is_told(server, client):
    server.answer(data=rows(1, more=True, token="a"))
    server.answer(data=rows(2, more=True))

    with pytest.raises(PaginationLimitError, match="no page token to go on with"):
        list(client.iter_pages("Contacts", fields=["Email"]))


@pytest.mark.parametrize(
    ("code", "kind", "sentence"),
    [
        ("EXPIRED_VALUE", PageTokenError, "start the walk again"),
        ("TOKEN_BOUND_DATA_MISMATCH", PageTokenError, "start the walk again"),
        ("PAGINATION_LIMIT_EXCEEDED", PaginationLimitError, "100,000"),
        ("DISCRETE_PAGINATION_LIMIT_EXCEEDED", PaginationLimitError, "2,000"),
    ],
)
def test_the_end_of_what_pages_reach_is_told_apart(server, client, tokens, code, kind, sentence):
    server.answer(401 if code == "TOKEN_BOUND_DATA_MISMATCH" else 400, data=refusal(code))

    with pytest.raises(kind, match=sentence):
        list(client.iter_pages("Contacts", fields=["Email"], page_token="old"))
    assert tokens.refused == []


def test_what_was_read_before_an_error_has_been_given(server, client):
    server.answer(data=rows(1, more=True, token="a"))
    server.answer(502, **HTML)
    walk = client.iter_pages("Contacts", fields=["Email"])

    assert next(walk).records == [{"id": "1"}]
    with pytest.raises(ServerError):
        next(walk)


# -- one record ------------------------------------------------------------------------------------------------------


def test_one_record_comes_with_the_moment_of_the_answer(server, client):
    server.answer(data={"data": [{"id": BIG, "Last_Name": "Wen"}]})

    record, answered_at = client.fetch_record("Contacts", int(BIG), fields=["Last_Name"])

    assert (record["Last_Name"], answered_at) == ("Wen", ANSWERED)
    assert (server.asked[0].path, server.asked[0].query) == (f"/bigin/v2/Contacts/{BIG}", {"fields": "Last_Name"})


@pytest.mark.parametrize(
    "answer", [{"status": 204}, {"data": {"data": []}}, {"status": 400, "data": refusal("INVALID_DATA")}]
)
def test_a_record_that_is_not_there_says_so(server, client, answer):
    server.answer(**answer)

    with pytest.raises(RecordNotFoundError, match=BIG):
        client.fetch_record("Contacts", BIG)


@pytest.mark.parametrize("data", [{"data": [{"id": "7"}]}, {"data": [{"Last_Name": "Wen"}]}, rows(BIG, 8)])
def test_something_else_than_the_record_is_not_taken_for_it(server, client, data):
    server.answer(data=data)

    with pytest.raises(ResponseError, match=BIG):
        client.fetch_record("Contacts", BIG)


@pytest.mark.parametrize("record_id", ["", "abc", "1/../2", 1.5, None, True])
def test_an_id_that_is_none_is_not_asked_for(server, client, record_id):
    with pytest.raises(ValueError, match="up to 19 digits"):
        client.fetch_record("Contacts", record_id)
    assert server.asked == []


# -- log of deleted records, count, metadata, organization, users ----------------------------------------------------


def test_the_deleted_log_is_walked_by_number(server, client):
    server.answer(data={"data": [{"id": "1", "type": "recycle"}], "info": {"more_records": True}})
    server.answer(204)

    pages = list(client.iter_deleted_pages("Contacts", kind="permanent"))

    assert [len(page.records) for page in pages] == [1, 0]
    assert server.asked[0].path == "/bigin/v2/Contacts/deleted"
    assert [asked.query for asked in server.asked] == [
        {"type": "permanent", "per_page": "200", "page": "1"},
        {"type": "permanent", "per_page": "200", "page": "2"},
    ]


def test_one_page_of_the_deleted_log(server, client):
    server.answer(data=rows(1))

    assert client.fetch_deleted_page("Contacts", page=3).records == [{"id": "1"}]
    assert server.asked[0].query == {"type": "all", "per_page": "200", "page": "3"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"data": {"count": 1234}}, 1234),
        ({"data": {"count": 0}}, 0),
        ({"data": {"count": "12"}}, None),
        ({"data": {}}, None),
        ({"data": [1]}, None),
        ({"status": 204}, None),
        ({"status": 404, "data": refusal("INVALID_URL_PATTERN")}, None),
        ({"status": 404, **HTML}, None),
        ({"status": 404, "body": ""}, None),
        ({"status": 400, "data": refusal("INVALID_DATA")}, None),
    ],
)
def test_a_count_that_is_not_answered_is_none(server, client, answer, expected):
    server.answer(**answer)

    assert client.count("Contacts") == expected


def test_a_count_that_fails_is_an_error_all_the_same(server, client):
    server.answer(500)
    with pytest.raises(ServerError):
        client.count("Contacts")
    server.answer(401, data=refusal("OAUTH_SCOPE_MISMATCH"))
    with pytest.raises(ScopeError):
        client.count("Contacts")


def test_modules_and_fields_are_fetched(server, client):
    server.answer(data={"modules": [{"api_name": "Contacts"}, {"api_name": "Social", "api_supported": False}, None]})
    server.answer(data={"fields": [{"api_name": "Email", "data_type": "email"}]})
    server.answer(204)

    assert [module.api_name for module in client.fetch_modules() if module.readable] == ["Contacts"]
    assert [field.data_type for field in client.fetch_fields("Contacts")] == ["email"]
    assert client.fetch_fields("Notes") == []
    assert [(asked.path, asked.query) for asked in server.asked] == [
        ("/bigin/v2/settings/modules", {}),
        ("/bigin/v2/settings/fields", {"module": "Contacts"}),
        ("/bigin/v2/settings/fields", {"module": "Notes"}),
    ]


def test_the_organization_is_fetched(server, client):
    server.answer(data={"org": [{"zgid": "942010964", "company_name": "Northwind Lite"}]})

    assert client.fetch_organization().org_id == "942010964"


@pytest.mark.parametrize("answer", [{"status": 204}, {"data": {"org": []}}])
def test_a_user_without_an_organization_is_told(server, client, answer):
    server.answer(**answer)

    with pytest.raises(AuthorizationError, match="no organization in Bigin"):
        client.fetch_organization()


def test_users_are_walked(server, client):
    server.answer(data={"users": [{"id": "1"}], "info": {"more_records": True, "page": 1}})
    server.answer(data={"users": [{"id": "2"}]})

    assert [user["id"] for user in client.iter_users(kind="ActiveUsers")] == ["1", "2"]
    assert server.asked[1].query == {"type": "ActiveUsers", "per_page": "200", "page": "2"}


def test_users_that_are_not_served_are_a_module_that_is_not_there(server, client):
    server.answer(404, **HTML)

    with pytest.raises(ModuleNotAvailableError, match="module Users"):
        list(client.iter_users())


# -- writes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 207, 400])
def test_rows_are_judged_one_by_one_whatever_the_status(server, client, status):
    server.answer(status, data={"data": [*results(1)["data"], refusal("DUPLICATE_DATA", api_name="Email", id="9")]})

    good, bad = client.create("Contacts", [{"Last_Name": "Wen"}, {"Last_Name": "Wu"}])

    assert (good.ok, good.id) == (True, "1")
    assert (bad.ok, bad.code, bad.id) == (False, "DUPLICATE_DATA", "9")
    asked = server.asked[0]
    assert (asked.method, asked.path) == ("POST", "/bigin/v2/Contacts")
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.json == {"data": [{"Last_Name": "Wen"}, {"Last_Name": "Wu"}]}


def test_a_write_goes_out_by_hundreds_and_comes_back_in_order(server, client, calls):
    for start, end in ((1, 101), (101, 201), (201, 251)):
        server.answer(201, data=results(*range(start, end)))

    done = client.create("Contacts", [{"Last_Name": str(i)} for i in range(250)])

    assert [each.id for each in done] == [str(i) for i in range(1, 251)]
    assert [len(asked.json["data"]) for asked in server.asked] == [100, 100, 50]
    assert [call.credits for call in calls] == [10, 10, 5]


def test_nothing_to_write_asks_nobody(server, client):
    assert client.create("Contacts", []) == client.update("Contacts", []) == client.delete("Contacts", []) == []
    assert server.asked == []


def test_an_update_names_ids_as_text(server, client):
    server.answer(data=results(BIG))

    client.update("Contacts", [{"id": int(BIG), "Mobile": None}], trigger=[])

    assert server.asked[0].method == "PUT"
    assert server.asked[0].json == {"data": [{"id": BIG, "Mobile": None}], "trigger": []}


def test_an_update_without_an_id_is_not_sent(server, client):
    with pytest.raises(ValueError, match="up to 19 digits"):
        client.update("Contacts", [{"Mobile": "1"}])
    assert server.asked == []


def test_an_upsert_says_what_to_match_by(server, client):
    server.answer(data={"data": [results(1)["data"][0] | {"action": "insert", "duplicate_field": None}]})

    (result,) = client.upsert(
        "Contacts", [{"Email": "a@b.example"}], duplicate_check_fields=["Email"], trigger=["workflow"]
    )

    assert result.action == "insert"
    assert server.asked[0].path == "/bigin/v2/Contacts/upsert"
    assert server.asked[0].json == {
        "data": [{"Email": "a@b.example"}],
        "duplicate_check_fields": ["Email"],
        "trigger": ["workflow"],
    }


@pytest.mark.parametrize(
    ("trigger", "sent"), [(None, {}), ([], {"wf_trigger": "false"}), (["workflow"], {"wf_trigger": "true"})]
)
def test_a_delete_names_ids_in_the_query(server, client, calls, trigger, sent):
    server.answer(data=results(1, 2))

    done = client.delete("Tasks", ["1", 2], trigger=trigger)

    assert [each.id for each in done] == ["1", "2"]
    assert (server.asked[0].method, server.asked[0].query) == ("DELETE", {"ids": "1,2"} | sent)
    assert calls[0].credits == 1


def test_a_single_row_that_is_refused_is_a_result_and_no_error(server, client):
    server.answer(400, data={"data": [refusal("INVALID_DATA", "record not deleted", id=BIG)]})

    (result,) = client.delete("Tasks", [BIG])

    assert not result.ok


def test_a_write_that_is_refused_as_a_whole_is_an_error(server, client):
    server.answer(400, data=refusal("INVALID_DATA", expected_data_type="jsonarray", api_name="data"))

    with pytest.raises(InvalidDataError, match="data"):
        client.create("Contacts", [{}])


@pytest.mark.parametrize(
    "answer",
    [
        HTML,
        {"status": 204},
        {"body": ""},
        {"data": {}},
        {"data": {"data": []}},
        {"data": results(1, 2)},
        {"data": {"data": None}},
        {"status": 202, "body": '{"data": [{"co'},
        {"status": 302, "body": ""},
    ],
)
def test_a_write_whose_answer_cannot_be_read_is_never_repeated(server, client, answer):
    server.answer(**answer)

    with pytest.raises(ResponseError, match=r"not known wh|no list"):
        client.create("Contacts", [{"Last_Name": "Wen"}])
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 500, "data": refusal("INTERNAL_ERROR")}, ServerError),
        ({"status": 502, **HTML}, ServerError),
        ({"status": 429, "data": refusal("TOO_MANY_REQUESTS")}, RateLimitError),
        ({"data": results(1), "drop": True}, NetworkError),
        ({"data": results(1), "delay": 0.8}, NetworkError),
        ({"data": results(1), "missing": 9}, NetworkError),
    ],
)
def test_a_write_that_failed_is_not_repeated_and_keeps_what_was_done(server, client, answer, kind):
    server.answer(201, data=results(*range(1, 101)))
    server.answer(**answer)

    with pytest.raises(kind) as caught:
        client.create("Contacts", [{"Last_Name": str(i)} for i in range(101)])
    assert len(server.asked) == 2
    assert [each.id for each in caught.value.completed] == [str(i) for i in range(1, 101)]
    if kind is NetworkError:
        assert "look before sending it again" in str(caught.value)


@pytest.mark.parametrize("value", [datetime(2026, 1, 1, tzinfo=UTC), float("nan"), {1}])
def test_what_json_cannot_spell_is_the_callers_error(server, client, calls, value):
    with pytest.raises((TypeError, ValueError)):
        client.create("Contacts", [{"X": value}])
    assert (server.asked, calls) == ([], [])


# -- the token -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 401, "data": INVALID_TOKEN},
        {"status": 400, "data": INVALID_TOKEN},
        {"status": 401, "data": refusal("AUTHENTICATION_FAILURE")},
        {"status": 401, "body": ""},
        {"status": 400, "data": refusal("INVALID_REQUEST", "verify the oauth header")},
    ],
)
def test_a_refused_token_is_replaced_once_and_the_call_made_again(server, client, tokens, answer):
    server.answer(**answer)
    server.answer(data=rows(1))

    page = client.fetch_page("Contacts", fields=["Email"])

    assert page.records == [{"id": "1"}]
    assert tokens.refused == ["1000.first.token"]
    assert [asked.headers["Authorization"].split()[1] for asked in server.asked] == [
        "1000.first.token",
        "1000.second.token",
    ]


def test_a_write_is_made_again_as_well_since_it_was_not_carried_out(server, client, tokens):
    server.answer(401, data=INVALID_TOKEN)
    server.answer(201, data=results(1))

    assert client.create("Contacts", [{"Last_Name": "Wen"}])[0].ok
    assert server.asked[0].body == server.asked[1].body


def test_a_second_refusal_is_final(server, client, tokens):
    for _ in range(3):
        server.answer(401, data=INVALID_TOKEN)

    with pytest.raises(AccessTokenError):
        client.fetch_page("Contacts", fields=["Email"])
    assert (len(server.asked), len(tokens.refused)) == (2, 1)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 401, "data": refusal("OAUTH_SCOPE_MISMATCH")}, ScopeError),
        ({"status": 403, "data": refusal("OAUTH_SCOPE_MISMATCH")}, ScopeError),
        ({"status": 403, "data": refusal("NO_PERMISSION")}, ModuleNotAvailableError),
        ({"status": 400, "data": refusal("INVALID_REQUEST")}, RequestError),
        ({"status": 401, "data": refusal("TOKEN_BOUND_DATA_MISMATCH")}, PageTokenError),
        ({"status": 500, "data": INVALID_TOKEN}, ServerError),
        ({"status": 429, "data": refusal("TOO_MANY_REQUESTS")}, RateLimitError),
    ],
)
def test_nothing_else_asks_for_another_token(server, client, tokens, answer, kind):
    server.answer(**answer)

    with pytest.raises(kind):
        client.fetch_page("Contacts", fields=["Email"])
    assert (len(server.asked), tokens.refused) == (1, [])


def test_a_missing_scope_is_named_with_what_to_do(server, client):
    server.answer(401, data=refusal("OAUTH_SCOPE_MISMATCH"))

    with pytest.raises(ScopeError, match=r"ZohoBigin\.modules\.notes\.READ.*reconnect with more scopes"):
        client.fetch_page("Notes", fields=["Note_Title"])


def test_a_grant_that_is_gone_is_told_by_whoever_replaces_the_token(server, client, tokens):
    server.answer(401, data=INVALID_TOKEN)
    tokens.replace = lambda refused: (_ for _ in ()).throw(RefreshTokenError("authorize again"))

    with pytest.raises(RefreshTokenError):
        client.fetch_page("Contacts", fields=["Email"])


@pytest.mark.parametrize("bad", ["", "two words", "1000.a\r\nX-Evil: 1", "1000.ä"])
def test_a_token_that_cannot_travel_is_refused_without_being_shown(server, session, tokens, bad):
    tokens.first = bad
    client = Client(data_center("eu"), tokens, session=session)

    with pytest.raises(AccessTokenError) as caught:
        client.fetch_page("Contacts", fields=["Email"])
    assert server.asked == []
    assert not bad or bad not in str(caught.value)


# -- what cannot be read, and no answer ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        HTML,
        {"body": ""},
        {"body": '{"data": [{"id"'},
        {"status": 304},
        {"status": 302, "body": ""},
        {"status": 401, **HTML},
    ],
)
def test_a_read_that_is_not_json_is_tried_twice(server, client, bad):
    server.answer(**bad)
    server.answer(data=rows(1))
    assert client.fetch_page("Contacts", fields=["Email"]).records == [{"id": "1"}]

    server.answer(**bad)
    server.answer(**bad)
    with pytest.raises(ResponseError, match="something other than JSON"):
        client.fetch_page("Contacts", fields=["Email"])
    assert len(server.asked) == 4


def test_a_redirect_is_not_followed(server, client):
    for _ in range(2):
        server.answer(302, body="", headers={"Location": "https://www.zohoapis.com/bigin/v2/Contacts"})

    with pytest.raises(ResponseError):
        client.fetch_page("Contacts", fields=["Email"])
    assert {asked.headers["Host"] for asked in server.asked} == {"www.zohoapis.eu"}


def test_a_refusal_under_200_is_a_refusal(server, client):
    server.answer(data=refusal("INVALID_MODULE"))

    with pytest.raises(ModuleNotAvailableError, match="module Dealz"):
        client.fetch_page("Dealz", fields=["Email"])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Fri, 02 Jan 2026 00:01:00 GMT"}, 60),
        ({"Retry-After": "Fri, 02 Jan 2015 00:01:00 GMT"}, 0),
    ],
)
def test_how_long_to_wait_is_read_where_it_is_said(server, session, tokens, header, seconds):
    client = Client(data_center("eu"), tokens, session=session, now=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    server.answer(429, data=refusal("TOO_MANY_REQUESTS"), headers=header)

    with pytest.raises(RateLimitError) as caught:
        client.fetch_page("Contacts", fields=["Email"])
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"drop": True}, "closed the connection"),
        ({"delay": 0.8}, "within 0.4 seconds"),
        ({"missing": 9}, "broke its answer off"),
    ],
)
def test_no_answer_is_a_network_error_that_does_not_quote_the_address(server, client, how, sentence):
    server.answer(data=rows(1), **how)

    with pytest.raises(NetworkError, match=sentence) as caught:
        client.fetch_page("Contacts", fields=["Email"], page_token="p4ge-t0ken")
    assert caught.value.__suppress_context__
    assert "p4ge" not in str(caught.value)
    assert caught.value.endpoint == "GET /bigin/v2/Contacts"


# -- every call is told ----------------------------------------------------------------------------------------------


def test_every_http_call_is_told(server, client, calls):
    server.answer(401, data=INVALID_TOKEN)
    server.answer(**HTML)
    server.answer(data=rows(1), drop=True)
    with pytest.raises(NetworkError):
        client.fetch_page("Contacts", fields=["Email"])

    assert [(call.method, call.path, call.module, call.status, call.credits) for call in calls] == [
        ("GET", "/bigin/v2/Contacts", "Contacts", 401, 0),
        ("GET", "/bigin/v2/Contacts", "Contacts", 200, 1),
        ("GET", "/bigin/v2/Contacts", "Contacts", None, 1),
    ]
    assert all(isinstance(call, ApiCall) and call.seconds >= 0 for call in calls)


def test_one_session_serves_several_threads(server, session, tokens):
    for _ in range(40):
        server.answer(data=rows(1))
    found, failures = [], []

    def read():
        client = Client(data_center("eu"), tokens, session=session, timeouts=Timeouts(2, 5))
        try:
            found.extend(client.fetch_page("Contacts", fields=["Email"]).records for _ in range(10))
        except BiginError as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(found) == 40


def test_no_token_is_logged_at_debug_on_any_path(server, client, caplog):
    caplog.set_level(logging.DEBUG)
    answers = [
        {"data": rows(1)},
        {"status": 401, "data": INVALID_TOKEN},
        {"status": 400, "data": refusal("ODD", "you sent 1000." + "ab" * 16 + "." + "cd" * 16)},
        HTML,
        HTML,
        {"status": 502, **HTML},
        {"data": rows(1), "drop": True},
        {"data": rows(1), "missing": 5},
    ]
    for answer in answers:
        server.answer(**answer)
    page_token = "-".join(("p4ge", "t0ken"))
    while server.answers:
        try:
            client.fetch_page("Contacts", fields=["Email"], page_token=page_token)
        except BiginError:
            logging.getLogger("test").exception("it failed with %r", client)

    assert caplog.records
    for secret in ("1000.first.token", "1000.second.token", "ab" * 16, "p4ge-t0ken"):
        for spelling in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()[:-4]):
            assert spelling not in caplog.text
