"""Criteria of a bulk read: every comparator with every type, groups, limits, and what is refused."""

import pytest

from ..bulk_reader import Bulk, leaf

EQUALS = {"equal", "not_equal", "in", "not_in"}
ORDERED = EQUALS | {"less_than", "less_equal", "greater_than", "greater_equal"}
MOMENTS = ORDERED | {"between", "not_between"}
TEXTS = EQUALS | {"contains", "not_contains", "starts_with", "ends_with"}
EVERY = MOMENTS | TEXTS
LOW, HIGH = "2026-03-01", "2026-05-01"
# A field of each type, which comparators it takes (section 1.2), and values of two records; the third has none.
COLUMNS = {
    "number": ("Seats", ORDERED, 3, 7),
    "bigint": ("Meter", ORDERED, "1200000000000000003", "1200000000000000007"),
    "currency": ("Unit_Price", ORDERED, 2.5, 10.0),
    "text": ("Product_Code", TEXTS, "ab-1", "cd-2"),
    "email": ("Contact", TEXTS, "ab@a.example", "cd@b.test"),
    "picklist": ("Manufacturer", TEXTS, "abacus", "cordoba"),
    "multi-select": ("Tax", TEXTS, ["abgabe"], ["cess", "cut"]),
    "date": ("Sales_Start_Date", MOMENTS, LOW, HIGH),
    "datetime": ("Since", MOMENTS, f"{LOW}T08:00:00-05:00", f"{HIGH}T08:00:00-04:00"),
    "boolean": ("Taxable", {"equal"}, True, False),
    "lookup": ("Maker", EQUALS, None, None),
}
OWN_FIELDS = {"Seats": "integer", "Meter": "bigint", "Contact": "email", "Since": "datetime"}


@pytest.fixture
def bulk(program):
    return Bulk(program.connect())


@pytest.fixture
def products(sandbox, bulk):
    """Return a function that tells which of three products, A, B and the empty C, criteria choose."""
    fields = [{"api_name": name, "data_type": kind} for name, kind in OWN_FIELDS.items()]
    sandbox.add_fields("Products", [*fields, {"api_name": "Maker", "data_type": "lookup", "lookup": "Accounts"}])
    makers = sandbox.add_records("Accounts", [{"Account_Name": "Acme"}, {"Account_Name": "Bolt"}])
    rows = [{"Product_Name": name} for name in "ABC"]
    for name, _, *values in COLUMNS.values():
        for row, value in zip(rows, values, strict=False):
            row |= {name: value} if value is not None else {}
    for row, maker in zip(rows, makers, strict=False):
        row["Maker"] = {"id": maker}
    sandbox.add_records("Products", rows)

    def chosen(criteria):
        job = bulk.start(module="Products", fields=["Product_Name"], criteria=criteria)
        return "".join(row["Product_Name"] for row in bulk.rows(job))

    chosen.makers = makers
    return chosen


def values_of(kind, products):
    low, high = COLUMNS[kind][2:] if kind != "lookup" else products.makers
    return (low[0], high[0]) if isinstance(low, list) else (low, high)


@pytest.mark.parametrize("kind", [kind for kind in COLUMNS if kind not in {"boolean", "multi-select"}])
def test_equality_chooses_by_values_of_every_type(products, kind):
    name, (low, high) = COLUMNS[kind][0], values_of(kind, products)

    assert products(leaf(name, "equal", low)) == "A"
    assert products(leaf(name, "not_equal", low)) == "BC"
    assert products(leaf(name, "in", [low, high])) == "AB"
    assert products(leaf(name, "in", f"{low},{high}")) == "AB"
    assert products(leaf(name, "not_in", [low])) == "BC"
    assert products(leaf(name, "equal", "${EMPTY}")) == "C"
    assert products(leaf(name, "not_equal", "${EMPTY}")) == "AB"


@pytest.mark.parametrize("kind", ["number", "bigint", "currency", "date", "datetime"])
def test_what_has_an_order_is_compared_by_it(products, kind):
    name, (low, high) = COLUMNS[kind][0], values_of(kind, products)

    assert products(leaf(name, "less_than", high)) == "A"
    assert products(leaf(name, "less_equal", high)) == "AB"
    assert products(leaf(name, "greater_than", low)) == "B"
    assert products(leaf(name, "greater_equal", low)) == "AB"


@pytest.mark.parametrize("kind", ["date", "datetime"])
def test_days_and_moments_lie_between_others(products, kind):
    name, (low, high) = COLUMNS[kind][0], values_of(kind, products)

    assert products(leaf(name, "between", [low, high])) == "AB"
    assert products(leaf(name, "between", [high, high])) == "B"
    assert products(leaf(name, "not_between", [high, high])) == "AC"


@pytest.mark.parametrize("kind", ["text", "email", "picklist", "multi-select"])
def test_texts_are_searched_whatever_their_case(products, kind):
    name = COLUMNS[kind][0]

    assert products(leaf(name, "starts_with", "AB")) == "A"
    assert products(leaf(name, "contains", "ab" if kind != "multi-select" else "abgabe")) == "A"
    assert products(leaf(name, "not_contains", "ab" if kind != "multi-select" else "abgabe")) == "BC"
    low = values_of(kind, products)[0]
    assert products(leaf(name, "ends_with", low[-3:].upper())) == "A"


def test_a_multi_select_is_equal_to_all_of_its_values(products):
    assert products(leaf("Tax", "equal", "cut;cess")) == "B"
    assert products(leaf("Tax", "equal", "cess")) == ""
    assert products(leaf("Tax", "in", ["cess"])) == "B"
    assert products(leaf("Tax", "equal", "${EMPTY}")) == "C"


def test_a_boolean_is_equal_to_true_or_false(products):
    assert products(leaf("Taxable", "equal", True)) == products(leaf("Taxable", "equal", "true")) == "A"
    assert products(leaf("Taxable", "equal", "false")) == "BC"


def test_a_dotted_name_reaches_through_a_link(products):
    assert products(leaf("Maker.Account_Name", "equal", "acme")) == "A"
    assert products(leaf("Owner.last_name", "equal", "Holt")) == "ABC"


@pytest.mark.parametrize("kind", COLUMNS)
def test_other_comparators_than_the_types_own_are_refused(bulk, products, kind):
    name, takes, *_ = COLUMNS[kind]

    for comparator in sorted(EVERY - takes):
        refused = bulk.start(module="Products", criteria=leaf(name, comparator, "x"))
        assert refused == (400, "FIELD_AND_COMPARATOR_IN_CRITERIA_NOT_COMPATIBLE"), comparator


def test_groups_stand_in_groups(products):
    either = {"group_operator": "or", "group": [leaf("Seats", "equal", 3), leaf("Seats", "equal", 7)]}
    named = {"group_operator": "AND", "group": [leaf("Product_Name", "not_equal", "A"), either]}
    deeper = {"group_operator": "or", "group": [leaf("Product_Name", "equal", "C"), named]}

    assert products(either) == "AB"
    assert products(named) == "B"
    assert products(deeper) == "BC"


def test_twenty_five_criteria_are_taken_and_one_more_is_not(bulk):
    def start(number):
        half = [leaf("Email", "equal", "x")] * (number // 2)
        rest = [leaf("Email", "equal", "x")] * (number - number // 2)
        inner = {"group_operator": "or", "group": half}
        return bulk.start(criteria={"group_operator": "or", "group": [inner, *rest]})

    assert start(25).isdigit()
    assert start(26) == (400, "CRITERIA_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("criteria", "code"),
    [
        ("Email", "INVALID_CRITERIA"),
        ({}, "INVALID_CRITERIA"),
        ({"api_name": "Email", "comparator": "equal"}, "INVALID_CRITERIA"),
        ({"field": {"api_name": "Email"}, "comparator": "equal", "value": "x"}, "INVALID_CRITERIA"),
        ({"group_operator": "and", "group": []}, "INVALID_CRITERIA"),
        ({"group_operator": "and", "group": [leaf("Email", "equal", "x")]}, "AMBIGUOUS_GROUP_IN_CRITERIA"),
        ({"group_operator": "and", "group": [leaf("Email", "equal", "x")] * 2, "value": "x"}, "AMBIGUOUS_CRITERIA"),
        ({"group_operator": "xor", "group": [leaf("Email", "equal", "x")] * 2}, "GROUP_OPERATOR_NOT_SUPPORTED"),
        ({"group": [leaf("Email", "equal", "x")] * 2}, "GROUP_OPERATOR_NOT_SUPPORTED"),
        (leaf("Nickname", "equal", "x"), "FIELD_IN_CRITERIA_NOT_AVAILABLE"),
        (leaf("Tag", "equal", "x"), "FIELD_IN_CRITERIA_NOT_SUPPORTED"),
        (leaf("Email", "like", "x"), "FIELD_COMPARATOR_IN_CRITERIA_NOT_SUPPORTED"),
        (leaf("Email", "equal", "x" * 256), "VALUE_LIMIT_EXCEEDED_IN_CRITERIA"),
        (leaf("Account_Name", "equal", "1" * 20), "VALUE_LIMIT_EXCEEDED_IN_CRITERIA"),
        (leaf("Account_Name", "equal", "Acme"), "VALUE_IN_CRITERIA_NOT_SUPPORTED"),
        (leaf("Modified_Time", "equal", "2026-01-01T00:00:00.000+00:00"), "VALUE_IN_CRITERIA_NOT_SUPPORTED"),
        (leaf("Modified_Time", "equal", "2026-01-01T00:00:00"), "VALUE_IN_CRITERIA_NOT_SUPPORTED"),
        (leaf("Modified_Time", "equal", "yesterday"), "VALUE_IN_CRITERIA_NOT_SUPPORTED"),
        (leaf("Email_Opt_Out", "equal", "yes"), "VALUE_IN_CRITERIA_NOT_SUPPORTED"),
        (leaf("Email_Opt_Out", "equal", "${EMPTY}"), "COMPARATOR_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE"),
        (leaf("Email", "contains", "${EMPTY}"), "COMPARATOR_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE"),
        (
            leaf("Modified_Time", "between", ["2026-01-01T00:00:00+00:00"]),
            "COMPARATOR_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE",
        ),
    ],
)
def test_criteria_without_sense_are_refused(bulk, criteria, code):
    assert bulk.start(criteria=criteria) == (400, code)
