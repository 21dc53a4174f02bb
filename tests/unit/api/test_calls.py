import dataclasses
import pickle
from datetime import UTC, datetime

import pytest

from django_bigin.api import metadata, records, users
from django_bigin.api.answers import Order, Place
from django_bigin.api.products.bigin import BIGIN
from django_bigin.exceptions import ResponseError
from tests.support.answers import HTML, results, rows


def test_a_call_is_built_priced_and_kept_before_it_is_sent(server, client, calls):
    kept = records.create(BIGIN, "Contacts", [{"Last_Name": str(i)} for i in range(101)])

    assert [call.credits for call in kept] == [10, 1]
    assert [call.endpoint for call in kept] == ["POST /bigin/v2/Contacts"] * 2
    assert (server.asked, calls) == ([], [])

    server.answer(201, data=results(*range(100)))
    server.answer(201, data=results(100))
    assert sum(len(client.send(call)) for call in kept) == 101
    assert [call.credits for call in calls] == [10, 1]


def test_a_call_is_sent_as_often_as_one_likes(server, client):
    call = records.list_page(BIGIN, "Contacts", fields=["Email"])
    for _ in range(2):
        server.answer(data=rows(1))

    assert client.send(call) == client.send(call)
    assert server.asked[0].query == server.asked[1].query


@pytest.mark.parametrize(
    ("call", "endpoint", "scope", "idempotent"),
    [
        (records.list_page(BIGIN, "Contacts", fields=["F"]), "GET /bigin/v2/Contacts", "modules.contacts.READ", True),
        (records.record(BIGIN, "Notes", 12), "GET /bigin/v2/Notes/12", "modules.notes.READ", True),
        (records.count(BIGIN, "Tasks"), "GET /bigin/v2/Tasks/actions/count", "modules.tasks.READ", True),
        (records.deleted_page(BIGIN, "Tasks"), "GET /bigin/v2/Tasks/deleted", "modules.tasks.READ", True),
        (records.delete(BIGIN, "Tasks", [1])[0], "DELETE /bigin/v2/Tasks", "modules.tasks.DELETE", False),
        (records.update(BIGIN, "Tasks", [{"id": 1}])[0], "PUT /bigin/v2/Tasks", "modules.tasks.UPDATE", False),
        (records.upsert(BIGIN, "Tasks", [{}])[0], "POST /bigin/v2/Tasks/upsert", "modules.tasks.CREATE", False),
        (metadata.modules(BIGIN), "GET /bigin/v2/settings/modules", "settings.modules.READ", True),
        (metadata.organization(BIGIN), "GET /bigin/v2/org", "org.READ", True),
        (users.list_page(BIGIN), "GET /bigin/v2/users", "users.READ", True),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_call_knows_where_it_goes_what_it_needs_and_whether_it_may_be_repeated(call, endpoint, scope, idempotent):
    assert (call.endpoint, call.scope, call.idempotent) == (endpoint, f"ZohoBigin.{scope}", idempotent)
    assert call.credits == 1


def test_a_module_that_is_read_whole_is_listed_as_its_description_says(server, client):
    server.answer(data={"users": [{"id": "1"}]})

    page = client.send(records.list_page(BIGIN, "Users", fields=["full_name"]))

    assert page.records == [{"id": "1"}]
    assert (server.asked[0].path, server.asked[0].query) == (
        "/bigin/v2/users",
        {"type": "AllUsers", "per_page": "200", "page": "1"},
    )


def test_changes_are_asked_for_newest_first(server, client):

    since = datetime(2026, 11, 3, tzinfo=UTC)
    server.answer(data=rows(1, sort_by="Modified_Time", sort_order="desc"))

    page = client.send(records.changed_page(BIGIN, "Contacts", Place(number=2), fields=["Email"], since=since))

    assert page.order == Order("Modified_Time", descending=True)
    assert server.asked[0].query == {
        "fields": "Email",
        "per_page": "200",
        "sort_by": "Modified_Time",
        "sort_order": "desc",
        "page": "2",
    }
    assert not BIGIN.changes.narrowed


def test_what_a_product_cannot_do_is_not_asked_of_it():
    mute = dataclasses.replace(BIGIN, writes=None, deletions=None, changes=None)

    with pytest.raises(ValueError, match="only read"):
        records.create(mute, "Contacts", [{}])
    with pytest.raises(ValueError, match="deleted"):
        records.deleted_page(mute, "Contacts")
    with pytest.raises(ValueError, match="changed"):
        records.changed_page(mute, "Contacts", fields=["Email"], since=None)


def test_a_call_shows_nothing_of_what_it_carries():
    call = records.create(BIGIN, "Contacts", [{"Last_Name": "Wen"}])[0]
    page = records.list_page(BIGIN, "Contacts", Place(token="p4ge-t0ken"), fields=["Email"])

    assert "Wen" not in repr(call)
    assert "p4ge" not in repr(page)


def test_a_call_travels_between_processes(server, client):
    call = pickle.loads(pickle.dumps(records.list_page(BIGIN, "Contacts", fields=["Email"])))
    server.answer(data=rows(1))

    assert client.send(call).records == [{"id": "1"}]


def test_a_list_that_cannot_be_read_is_asked_for_again_and_then_given_up(server, client):
    call = records.list_page(BIGIN, "Contacts", fields=["Email"])
    server.answer(data={"data": None})
    server.answer(data=rows(1))
    assert client.send(call).records == [{"id": "1"}]

    server.answer(data={"data": None})
    server.answer(**HTML)
    with pytest.raises(ResponseError):
        client.send(call)
    assert len(server.asked) == 4
