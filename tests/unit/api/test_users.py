import pytest

from django_bigin.exceptions import (
    ModuleNotAvailableError,
)
from tests.support.answers import HTML


def test_users_are_walked(server, client):
    server.answer(data={"users": [{"id": "1"}], "info": {"more_records": True, "page": 1}})
    server.answer(data={"users": [{"id": "2"}]})

    assert [user["id"] for user in client.users.iter_all(kind="ActiveUsers")] == ["1", "2"]
    assert server.asked[1].query == {"type": "ActiveUsers", "per_page": "200", "page": "2"}


def test_users_that_are_not_served_are_a_module_that_is_not_there(server, client):
    server.answer(404, **HTML)

    with pytest.raises(ModuleNotAvailableError, match="module Users"):
        list(client.users.iter_all())
