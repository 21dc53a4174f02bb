import pytest

from django_bigin.exceptions import (
    AuthorizationError,
)


def test_modules_and_fields_are_fetched(server, client):
    server.answer(data={"modules": [{"api_name": "Contacts"}, {"api_name": "Social", "api_supported": False}, None]})
    server.answer(data={"fields": [{"api_name": "Email", "data_type": "email"}]})
    server.answer(204)

    assert [module.api_name for module in client.metadata.fetch_modules() if module.readable] == ["Contacts"]
    assert [field.data_type for field in client.metadata.fetch_fields("Contacts")] == ["email"]
    assert client.metadata.fetch_fields("Notes") == []
    assert [(asked.path, asked.query) for asked in server.asked] == [
        ("/bigin/v2/settings/modules", {}),
        ("/bigin/v2/settings/fields", {"module": "Contacts"}),
        ("/bigin/v2/settings/fields", {"module": "Notes"}),
    ]


def test_the_organization_is_fetched(server, client):
    server.answer(data={"org": [{"zgid": "942010964", "company_name": "Northwind Lite"}]})

    assert client.metadata.fetch_organization().org_id == "942010964"


@pytest.mark.parametrize("answer", [{"status": 204}, {"data": {"org": []}}])
def test_a_user_without_an_organization_is_told(server, client, answer):
    server.answer(**answer)

    with pytest.raises(AuthorizationError, match="no organization in Bigin"):
        client.metadata.fetch_organization()
