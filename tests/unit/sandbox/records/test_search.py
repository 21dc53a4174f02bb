"""Search: its four ways, the grammar of criteria, the index that lags, the two scopes."""

import pytest

from django_bigin.sandbox.records.conditions import Comparison, Group
from django_bigin.sandbox.records.criteria import CriteriaError, read_criteria

ROWS = [
    {"Last_Name": "Wen", "First_Name": "Li", "Email": "li.wen@orbit.example", "Phone": "+49 30 555-0101"},
    {"Last_Name": "Okafor", "Email": "o@acme.example", "Mobile": "609-555-0134", "Email_Opt_Out": True},
    {"Last_Name": "Burns, B (UK)", "Title": "Wendell's deputy"},
]


@pytest.fixture
def found(sandbox, program):
    """Search for last names among three contacts that the index knows."""
    sandbox.add_records("Contacts", ROWS)
    sandbox.advance(16)

    def found(**query):
        status, body, _ = program.get("Contacts/search", **query)
        return sorted(row["Last_Name"] for row in body["data"]) if status == 200 else (status, (body or {}).get("code"))

    return found


A, B, C = (Comparison(name, "equals", ("1",)) for name in "ABC")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("(A:equals:1)", A),
        ("((A:equals:1)and(B:equals:1))", Group("and", (A, B))),
        ("((A:equals:1) AND ((B:equals:1) or (C:equals:1)))", Group("and", (A, Group("or", (B, C))))),
        ("(A:equals:1)and(B:equals:1)or(C:equals:1)", Group("or", (Group("and", (A, B)), C))),
        (r"(N:in:a\,b,c)", Comparison("N", "in", ("a,b", "c"))),
        (r"(N:equals:\(x\)\\)", Comparison("N", "equals", ("(x)\\",))),
        ("(T:greater_than:2026-11-01T00:00:00+00:00)", Comparison("T", "greater_than", ("2026-11-01T00:00:00+00:00",))),
    ],
)
def test_criteria_are_read(text, condition):
    assert read_criteria(text) == condition


@pytest.mark.parametrize(
    "text", ["A:equals:1", "(A:equals:1", "(A)", "()", "(A:equals:1)(B:equals:1)", "(A:equals:x(y))", "(A:equals:1)and"]
)
def test_what_is_no_criteria_is_refused(text):
    with pytest.raises(CriteriaError):
        read_criteria(text)


@pytest.mark.parametrize(
    ("criteria", "names"),
    [
        ("(Last_Name:equals:wen)", ["Wen"]),
        ("(Last_Name:starts_with:O)", ["Okafor"]),
        ("(Last_Name:not_equal:Wen)", ["Burns, B (UK)", "Okafor"]),
        (r"(Last_Name:equals:Burns\, B \(UK\))", ["Burns, B (UK)"]),
        (r"(Last_Name:in:Wen,Burns\, B \(UK\))", ["Burns, B (UK)", "Wen"]),
        ("((Email_Opt_Out:equals:true)or(First_Name:equals:Li))", ["Okafor", "Wen"]),
        ("((Last_Name:equals:Wen)and(First_Name:equals:Lo))", (204, None)),
        ("(Created_Time:greater_than:2020-01-01T00:00:00+00:00)", ["Burns, B (UK)", "Okafor", "Wen"]),
        ("(Created_Time:between:2020-01-01T00:00:00+00:00,2020-01-02T00:00:00+00:00)", (204, None)),
        ("(Created_Time:greater_than:2020-01-01T00:00:00 00:00)", (400, "INVALID_QUERY")),
        ("(Created_Time:greater_than:2020-01-01T00:00:00)", (400, "INVALID_QUERY")),
        ("(Last_Name:contains:en)", (400, "INVALID_QUERY")),
        ("(Nickname:equals:x)", (400, "INVALID_QUERY")),
        ("(Description:equals:x)", (400, "INVALID_QUERY")),
        ("Last_Name:equals:Wen", (400, "INVALID_QUERY")),
        ("(Account_Name:equals:nobody)", (400, "INVALID_QUERY")),
        ("or".join(["(Last_Name:equals:Wen)"] * 11), (400, "LIMIT_EXCEEDED")),
    ],
)
def test_criteria_choose(found, criteria, names):
    assert found(criteria=criteria) == names


@pytest.fixture
def deals(sandbox, program):
    """Search for the names of three deals that the index knows; gives the question and the company of the first."""
    [acme] = sandbox.add_records("Accounts", [{"Account_Name": "Acme"}])
    common = {"Sub_Pipeline": "Sales Pipeline Standard", "Stage": "Qualification"}
    values = (("A", 10, "2026-12-01", acme), ("B", 20.5, "2026-12-15", None), ("C", 30, "2027-01-01", None))
    for name, amount, day, account in values:
        row = {"Deal_Name": name, "Amount": amount, "Closing_Date": day, "Account_Name": account, **common}
        sandbox.add_records("Pipelines", [row])
    sandbox.advance(16)

    def found(criteria):
        status, body, _ = program.get("Pipelines/search", criteria=criteria)
        return "".join(sorted(row["Deal_Name"] for row in body["data"])) if status == 200 else status

    return found, acme


@pytest.mark.parametrize(
    ("comparator", "values", "names"),
    [
        ("equals", ["20.5"], "B"), ("not_equal", ["20.5"], "AC"), ("greater_than", ["20.5"], "C"),
        ("greater_equal", ["20.5"], "BC"), ("less_than", ["20.5"], "A"), ("less_equal", ["20.5"], "AB"),
        ("between", ["10", "20.5"], "AB"), ("in", ["10", "30"], "AC"), ("starts_with", ["2"], 400),
        ("between", ["10"], 400), ("equals", ["many"], 400),
    ],
)  # fmt: skip
def test_numbers_have_eight_comparators(deals, comparator, values, names):
    assert deals[0](f"(Amount:{comparator}:{','.join(values)})") == names


@pytest.mark.parametrize(
    ("comparator", "values", "names"),
    [
        ("equals", ["2026-12-15"], "B"), ("not_equal", ["2026-12-15"], "AC"), ("greater_than", ["2026-12-15"], "C"),
        ("greater_equal", ["2026-12-15"], "BC"), ("less_than", ["2026-12-15"], "A"),
        ("less_equal", ["2026-12-15"], "AB"), ("between", ["2026-12-01", "2026-12-31"], "AB"),
        ("in", ["2026-12-01", "2027-01-01"], "AC"), ("starts_with", ["2026"], 400), ("equals", ["soon"], 400),
    ],
)  # fmt: skip
def test_dates_have_the_same_ones(deals, comparator, values, names):
    assert deals[0](f"(Closing_Date:{comparator}:{','.join(values)})") == names


@pytest.mark.parametrize("comparator", ["not_equal", "in", "greater_than", "starts_with"])
def test_links_and_booleans_are_equal_or_nothing(deals, program, comparator):
    found, acme = deals

    assert found(f"(Account_Name:equals:{acme})") == "A"
    assert found(f"(Account_Name:{comparator}:{acme})") == 400
    assert program.get("Contacts/search", criteria=f"(Email_Opt_Out:{comparator}:true)")[0] == 400


@pytest.mark.parametrize("comparator", ["greater_than", "less_equal", "between", "contains"])
def test_texts_have_four_comparators(found, comparator):
    assert found(criteria=f"(Last_Name:{comparator}:A,B)") == (400, "INVALID_QUERY")


@pytest.mark.parametrize(
    "module", ["Contacts", "Pipelines", "Accounts", "Products", "Tasks", "Events", "Calls", "Notes"]
)
def test_eight_modules_are_searched(sandbox, program, module):
    sandbox.seed(records={"Contacts": 3, module: 3})

    rows = program.get(f"{module}/search", criteria="(Created_Time:greater_than:2000-01-01T00:00:00+00:00)")[1]["data"]

    assert len(rows) == 3


def test_the_wall_of_a_search_may_be_taken_away(sandbox, program):
    sandbox.switch(search_wall=0)

    assert program.get("Contacts/search", word="zz", page="11")[0] == 204


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"email": "LI.WEN@orbit.example"}, ["Wen"]),
        ({"phone": "+49305550101"}, ["Wen"]),
        ({"phone": "6095550134"}, ["Okafor"]),
        ({"word": "we"}, ["Burns, B (UK)", "Wen"]),
        ({"word": "en"}, (204, None)),
        ({"word": "w"}, (400, "INVALID_DATA")),
        ({}, (400, "REQUIRED_PARAM_MISSING")),
        ({"word": "wen", "email": "a@b.example"}, (400, "AMBIGUITY_DURING_PROCESSING")),
    ],
)
def test_exactly_one_way_to_search(found, query, names):
    assert found(**query) == names


def test_the_index_lags_behind_writes(sandbox, program):
    [record_id] = sandbox.add_records("Contacts", [{"Last_Name": "Old", "Email": "a@b.example"}])
    assert program.get("Contacts/search", word="Old")[0] == 204
    sandbox.advance(15)
    sandbox.edit_records("Contacts", [{"id": record_id, "Last_Name": "New"}])

    assert program.get("Contacts/search", email="a@b.example")[1]["data"][0]["Last_Name"] == "Old"
    sandbox.switch(search_lag_seconds=0)
    assert program.get("Contacts/search", email="a@b.example")[1]["data"][0]["Last_Name"] == "New"
    sandbox.delete_records("Contacts", [record_id])
    assert program.get("Contacts/search", word="New")[0] == 204
    sandbox.switch(search_lag_seconds=5)
    assert program.get("Contacts/search", word="Old")[1]["data"][0]["id"] == record_id


def test_seeded_records_are_in_the_index_at_once(sandbox, program):
    sandbox.seed(records={"Contacts": 5})

    assert program.get("Contacts/search", criteria="(id:not_equal:1)")[0] == 400
    assert program.get("Contacts/search", criteria="(Last_Name:not_equal:1)")[1]["info"] == {
        "per_page": 200, "count": 5, "sort_by": "id", "page": 1, "sort_order": "desc", "more_records": False,
    }  # fmt: skip


def test_rows_are_whole_and_in_no_order(sandbox, program):
    sandbox.seed(records={"Contacts": 30})

    rows = program.get("Contacts/search", criteria="(Last_Name:not_equal:1)")[1]["data"]

    assert {"Department", "$approval_state", "$is_duplicate", "Locked__s", "Last_Name"} <= rows[0].keys()
    ids = [int(row["id"]) for row in rows]
    assert ids != sorted(ids)
    assert ids != sorted(ids, reverse=True)
    sandbox.switch(search_order="id")
    rows = program.get("Contacts/search", criteria="(Last_Name:not_equal:1)", fields="Email")[1]["data"]
    assert [int(row["id"]) for row in rows] == sorted(ids, reverse=True)
    assert rows[0].keys() == {"id", "Email"}


def test_pages_of_a_search_cover_it(sandbox, program):
    sandbox.seed(records={"Contacts": 25})

    pages = [
        program.get("Contacts/search", criteria="(Last_Name:not_equal:1)", per_page="10", page=str(page))[1]
        for page in (1, 2, 3)
    ]

    assert len({row["id"] for page in pages for row in page["data"]}) == 25
    assert [page["info"]["more_records"] for page in pages] == [True, True, False]
    assert program.get("Contacts/search", word="zz", page="11")[1]["code"] == "DISCRETE_PAGINATION_LIMIT_EXCEEDED"


def test_search_needs_two_scopes_unless_switched(sandbox, program):
    program.connect_with("ZohoBigin.modules.ALL")
    assert program.get("Contacts/search", word="zz")[1]["code"] == "OAUTH_SCOPE_MISMATCH"
    sandbox.switch(search_scope="module")
    assert program.get("Contacts/search", word="zz")[0] == 204
    program.connect_with("ZohoSearch.securesearch.READ")
    assert program.get("Contacts/search", word="zz")[1]["code"] == "OAUTH_SCOPE_MISMATCH"
