import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_bigin.api.canonical import canonical, content_hash, module_hash

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
keys = st.sampled_from(["id", "name", "email", "Tag", "Owner", "$state", "Last_Name", "Modified_Time"]) | st.text(
    max_size=6
)
records = st.dictionaries(keys, json_values, max_size=6)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ({"$state": "save", "a": {"$x": 1, "b": 2}}, {"a": {"b": 2}}),
        ({"Owner": {"name": "Mira", "id": "5", "email": "m@x.example"}}, {"Owner": "5"}),
        ({"Owner": {"id": 5725767000000530017}}, {"Owner": "5725767000000530017"}),
        (
            {"Pipeline": {"name": "Sales", "id": "9", "display_label": "S", "zuid": None, "module": "P"}},
            {"Pipeline": "9"},
        ),
        ({"row": {"id": "5", "Quantity": 2.0}}, {"row": {"id": "5", "Quantity": 2}}),
        ({"x": {"name": "no id"}}, {"x": {"name": "no id"}}),
        ({"x": {"name": "empty", "id": None}}, {}),
        (
            {"Tag": [{"name": "vip", "id": "1", "color_code": None}, "b", {"name": "Acme"}]},
            {"Tag": ["Acme", "b", "vip"]},
        ),
        ({"Tag": []}, {}),
        ({"a": None, "b": "", "c": [], "d": {}, "e": {"f": None}}, {}),
        ({"l": ["a", "", None]}, {"l": ["a", "", None]}),
        ({"a": 0, "b": False, "c": " "}, {"a": 0, "b": False, "c": " "}),
        ({"t": "2026-11-03T09:14:52+01:00"}, {"t": "2026-11-03T08:14:52Z"}),
        ({"t": "2026-11-03T09:14:52.987Z"}, {"t": "2026-11-03T09:14:52Z"}),
        ({"t": "2026-11-03T09:14:52+0530"}, {"t": "2026-11-03T03:44:52Z"}),
        ({"t": "2026-12-31T23:30:00-03:00"}, {"t": "2027-01-01T02:30:00Z"}),
        ({"t": "2026-11-03T09:14:52"}, {"t": "2026-11-03T09:14:52"}),
        ({"t": "2026-11-03"}, {"t": "2026-11-03"}),
        ({"t": "2026-13-03T09:14:52Z"}, {"t": "2026-13-03T09:14:52Z"}),
        ({"t": "0001-01-01T00:00:00+05:00"}, {"t": "0001-01-01T00:00:00+05:00"}),
        ({"t": "2026-11-03T09:14:52Z is when"}, {"t": "2026-11-03T09:14:52Z is when"}),
        ({"n": 12.0, "m": 12.5, "k": -0.0, "b": True}, {"n": 12, "m": 12.5, "k": 0, "b": True}),
        ({"id": 5725767000000530017}, {"id": "5725767000000530017"}),
        ({"l": [{"id": "2", "name": "b"}, {"id": "1"}]}, {"l": ["2", "1"]}),
        (
            {"p": [{"type": "email", "participant": "a@b.example"}]},
            {"p": [{"type": "email", "participant": "a@b.example"}]},
        ),
        ({"id": "1", "name": "a record, not a lookup"}, {"id": "1", "name": "a record, not a lookup"}),
    ],
)
def test_the_form(given_value, expected):
    assert canonical(given_value) == expected
    assert json.dumps(canonical(given_value)) == json.dumps(expected)


@given(records)
def test_done_twice_it_changes_nothing(record):
    once = canonical(record)

    assert canonical(once) == once


@given(records)
def test_what_is_empty_or_of_the_system_makes_no_difference(record):
    # "id" apart: with it, {"id", "name"} is a lookup, and without it an object.
    widened = record | {"$fresh": 1, "None_Field": None, "Empty_Field": "", "No_Items": [], "Nothing": {"a": None}}

    assert content_hash(widened) == content_hash(
        {k: v for k, v in record.items() if k not in widened.keys() - record.keys()}
    )


@given(records)
def test_the_order_of_keys_makes_no_difference(record):
    assert content_hash(dict(reversed(record.items()))) == content_hash(record)


@given(records)
def test_every_record_that_json_can_spell_has_a_hash(record):
    assert len(content_hash(record)) == 64
    int(content_hash(record), 16)


def test_a_lone_surrogate_has_a_hash_too():
    assert len(content_hash(json.loads('{"a": "\\ud800"}'))) == 64


def test_a_change_of_one_letter_changes_the_hash():
    assert content_hash({"id": "1", "Last_Name": "Wen"}) != content_hash({"id": "1", "Last_Name": "Wem"})


def test_the_module_hash_is_of_the_records_in_order_of_their_numbers():
    assert module_hash([(10, "b"), (9, "a")]) == module_hash([(9, "a"), (10, "b")])
    assert module_hash([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
