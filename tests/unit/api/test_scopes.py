import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_bigin.api.products.bigin import BIGIN
from django_bigin.api.scopes import grants, join_scopes, read_scopes

scope_names = st.from_regex(r"\A[A-Za-z]{1,8}(\.[A-Za-z_]{1,8}){0,3}\Z")


@pytest.mark.parametrize("text", ["a.B,c.D", "a.B c.D", "a.B, c.D ,", " a.B\nc.D a.B"])
def test_scopes_are_read_with_commas_and_with_spaces(text):
    assert read_scopes(text) == ("a.B", "c.D")


def test_no_answer_is_no_scope():
    assert read_scopes(None) == read_scopes("") == ()


@given(st.lists(scope_names, unique=True))
def test_what_is_joined_is_read_back(scopes):
    assert read_scopes(join_scopes(scopes)) == tuple(scopes)


@given(scope_names)
def test_a_scope_grants_itself_in_any_case(scope):
    assert grants([scope.upper()], scope.lower())
    assert grants(scope, scope)


@pytest.mark.parametrize(
    ("granted", "needed"),
    [
        ("ZohoBigin.modules.ALL", "ZohoBigin.modules.contacts.READ"),
        ("ZohoBigin.modules.ALL", "ZohoBigin.modules.Pipelines.DELETE"),
        ("zohobigin.MODULES.all", "ZohoBigin.modules.contacts.READ"),
        ("ZohoBigin.settings.ALL", "ZohoBigin.settings.fields.READ"),
        ("ZohoBigin.settings.READ", "ZohoBigin.settings.modules.READ"),
        ("ZohoBigin.modules.contacts.ALL", "ZohoBigin.modules.contacts.READ"),
        ("ZohoBigin.modules.contacts.WRITE", "ZohoBigin.modules.contacts.CREATE"),
        ("ZohoBigin.modules.contacts.WRITE", "ZohoBigin.modules.contacts.UPDATE"),
        ("ZohoBigin.modules.deals.READ", "ZohoBigin.modules.pipelines.READ"),
        ("ZohoBigin.modules.notes.ALL", "ZohoBigin.modules.notes.READ"),
        ("ZohoBigin.org.ALL", "ZohoBigin.org.READ"),
    ],
)
def test_a_wider_scope_covers_a_narrower_one(granted, needed):
    assert grants([granted], needed)


@pytest.mark.parametrize(
    ("granted", "needed"),
    [
        ("ZohoBigin.org.READ ZohoBigin.org.CREATE ZohoBigin.org.UPDATE ZohoBigin.org.DELETE", "ZohoBigin.org.ALL"),
        ("ZohoBigin.org.read ZohoBigin.org.write ZohoBigin.org.delete", "ZohoBigin.org.ALL"),
        ("ZohoBigin.bulk.READ ZohoBigin.bulk.CREATE", "ZohoBigin.bulk.ALL"),
    ],
)
def test_every_operation_together_is_all(granted, needed):
    assert grants(granted, needed)


@pytest.mark.parametrize(
    ("granted", "needed"),
    [
        ("ZohoBigin.org.READ ZohoBigin.org.CREATE ZohoBigin.org.UPDATE", "ZohoBigin.org.ALL"),
        ("ZohoBigin.bulk.READ", "ZohoBigin.bulk.ALL"),
        ("ZohoBigin.modules.ALL", "ZohoBigin.modules.notes.READ"),
        ("ZohoBigin.modules.ALL", "ZohoBigin.modules.attachments.READ"),
        ("ZohoBigin.modules.ALL", "ZohoBigin.coql.READ"),
        ("ZohoBigin.modules.ALL", "ZohoBigin.settings.modules.READ"),
        ("ZohoBigin.modules.contacts.READ", "ZohoBigin.modules.accounts.READ"),
        ("ZohoBigin.modules.contacts.READ", "ZohoBigin.modules.contacts.DELETE"),
        ("ZohoBigin.modules.contacts.WRITE", "ZohoBigin.modules.contacts.DELETE"),
        ("ZohoBigin.modules.contacts.WRITE", "ZohoBigin.modules.contacts.READ"),
        ("ZohoBigin.modules.contacts.READ", "ZohoBigin.modules.ALL"),
        ("ZohoCRM.modules.ALL", "ZohoBigin.modules.contacts.READ"),
        ("ZohoBigin", "ZohoBigin.org.READ"),
        ("", "ZohoBigin.org.READ"),
    ],
)
def test_what_is_not_covered_is_not_granted(granted, needed):
    assert not grants(granted, needed)


@pytest.mark.parametrize("module", BIGIN.modules)
def test_the_default_scopes_cover_reading_every_module(module):
    needed = BIGIN.scope_for("GET", BIGIN.path("users" if module == "Users" else module))

    assert grants(BIGIN.default_scopes, needed)
