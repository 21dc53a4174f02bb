import pytest

from django_bigin.api.products.bigin import BIGIN


@pytest.mark.parametrize(("rows", "credits"), [(1, 1), (10, 1), (11, 2), (100, 10)])
def test_a_write_costs_one_credit_for_each_ten_rows_begun(rows, credits):
    assert BIGIN.credits.of_write(rows) == credits


@pytest.mark.parametrize(
    ("paid", "users", "credits"), [(False, 20, 5_000), (True, 4, 51_000), (True, 0, 50_000), (True, 900, 100_000)]
)
def test_the_day_has_credits_by_edition_and_users(paid, users, credits):
    assert BIGIN.credits.of_day(paid=paid, users=users) == credits


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/bigin/v2/Contacts", "ZohoBigin.modules.contacts.READ"),
        ("GET", "/bigin/v2/Notes/1", "ZohoBigin.modules.notes.READ"),
        ("POST", "/bigin/v2/Contacts/upsert", "ZohoBigin.modules.contacts.CREATE"),
        ("PUT", "/bigin/v2/Pipelines", "ZohoBigin.modules.pipelines.UPDATE"),
        ("DELETE", "/bigin/v2/Tasks", "ZohoBigin.modules.tasks.DELETE"),
        ("GET", "/bigin/v2/settings/fields", "ZohoBigin.settings.fields.READ"),
        ("GET", "/bigin/v2/org", "ZohoBigin.org.READ"),
        ("GET", "/bigin/v2/users", "ZohoBigin.users.READ"),
        ("POST", "/bigin/v2/coql", "ZohoBigin.coql.READ"),
    ],
)
def test_a_call_knows_its_scope(method, path, scope):
    assert BIGIN.scope_for(method, path) == scope
