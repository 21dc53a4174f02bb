import json
from datetime import UTC, datetime, timedelta

import pytest

from django_bigin.api.answers import MalformedRow, Page, Place
from django_bigin.api.canonical import content_hash
from django_bigin.api.products.bigin import BIGIN
from django_bigin.api.walks import Position, Step
from django_bigin.sync.copies import Batch, Row, RowReader, StoredCopy, Unstorable

OPENED = datetime(2026, 11, 3, 9, 14, 52, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FIELDS = ("Last_Name", "Full_Name", "Email", "Modified_Time")
CONTACTS = RowReader(BIGIN.module("Contacts"), FIELDS)
BEFORE = OPENED - timedelta(days=1)


def contact(record_id=7, **more):
    return {"id": str(record_id), "Last_Name": "Wen", "Modified_Time": "2026-11-02T10:14:52+01:00", **more}


def step_of(*records, malformed=()):
    page = Page(list(records), False, None, OPENED, malformed=malformed)
    position = Position("digest", (Place(1),), OPENED, pages=1)
    return Step(page, [int(record["id"]) for record in records], position)


def read(*records, reader=CONTACTS, **how):
    step = step_of(*records, **how)
    return reader.page(step, reader.rows(step), source="list")


def read_one(**more):
    [copy] = read(contact(**more)).copies
    return copy


# Reading


def test_a_copy_holds_the_id_and_the_wanted_fields_and_nothing_else():
    copy = read_one(Email="wen@example.org", Fax="123", Owner={"id": "99"})

    data = {"id": "7", "Last_Name": "Wen", "Email": "wen@example.org", "Modified_Time": "2026-11-02T10:14:52+01:00"}
    assert json.loads(copy.text) == data
    assert copy.content_hash == content_hash(data)
    assert (copy.record_id, copy.name, copy.email, copy.owner_record_id) == (7, "Wen", "wen@example.org", 99)
    assert (copy.modified_at, copy.seen_at, copy.source) == (BEFORE, OPENED, "list")


def test_the_first_field_that_holds_text_names_the_record():
    assert read_one(Full_Name="Ada Wen").name == "Ada Wen"
    assert read_one(Full_Name="").name == "Wen"
    assert read_one(Full_Name=None, Last_Name=5).name == ""


@pytest.mark.parametrize("owner", [None, "99", [], {}, {"id": None}, {"id": "no"}, {"id": -1}])
def test_an_owner_that_is_none_is_left_out(owner):
    assert read_one(Owner=owner).owner_record_id is None


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+00:00", "9999-12-31T00:00:00+00:00", "nonsense", 5, None, ""])
def test_a_moment_that_no_calendar_shows_is_left_out_of_the_columns(moment):
    copy = read_one(Created_Time=moment, Modified_Time=moment)

    assert copy.created_at is None
    assert copy.modified_at in (None, OPENED)


def test_a_moment_of_modification_past_the_answers_own_is_cut_to_it():
    ahead = {"Modified_Time": "9998-01-01T00:00:00+00:00"}

    assert read_one(**ahead).modified_at == OPENED
    [copy] = CONTACTS.single(contact(**ahead), seen_at=OPENED - SECOND, source="single").copies
    assert copy.modified_at == OPENED - SECOND
    assert json.loads(copy.text)["Modified_Time"] == ahead["Modified_Time"]


def test_a_row_that_comes_twice_counts_once_as_it_came_last():
    batch = read(contact(), contact(8), contact(Last_Name="Later"))

    assert [(copy.record_id, copy.name) for copy in batch.copies] == [(7, "Later"), (8, "Wen")]


@pytest.mark.parametrize(
    ("second_seen", "second_modified", "kept"),
    [
        (SECOND, BEFORE - SECOND, "second"),  # set back meanwhile: what was seen later counts
        (SECOND, None, "second"),
        (-SECOND, None, "first"),
        (-SECOND, BEFORE, "first"),
        (-SECOND, BEFORE + SECOND, "second"),  # of a walk that opened earlier, a page that was read later
        (0 * SECOND, BEFORE - SECOND, "first"),
        (0 * SECOND, BEFORE, "second"),
    ],
)
def test_of_two_copies_in_one_group_the_one_that_would_win_in_the_mirror_is_kept(second_seen, second_modified, kept):
    first = read_one()._replace(name="first")
    second = first._replace(name="second", seen_at=OPENED + second_seen, modified_at=second_modified)
    [copy] = Batch.of([Batch([first]), Batch([second])]).copies
    assert copy.name == kept


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("inf"), "number without end"),
        ("a\x00b", "NUL"),
        ({"a\x00b": 1}, "NUL"),
        ("\ud800", "half a character"),
        ("x" * 8_000_001, "larger than"),
    ],
)
def test_a_row_that_no_database_takes_is_unstorable_and_costs_no_other(value, reason):
    batch = read(contact(), contact(8, Email=value))

    assert [copy.record_id for copy in batch.copies] == [7]
    [unstorable] = batch.unstorable
    assert unstorable.row["id"] == "8"
    assert reason in unstorable.reason


def test_text_that_only_looks_like_a_nul_is_taken():
    assert read(contact(Email=r"write \u0000 or \\u0000")).unstorable == []


def test_a_row_without_an_id_is_unstorable():
    batch = read(contact(), malformed=(MalformedRow({"id": ""}, "The row has no id."),))

    assert batch.unstorable == [Unstorable({"id": ""}, "The row has no id.", OPENED)]
    assert len(batch.copies) == 1


def test_a_copy_that_the_database_refused_is_unstorable():
    batch = read(contact(), contact(8))

    rest = batch.without([batch.copies[0]])

    assert [copy.record_id for copy in rest.copies] == [8]
    assert rest.unstorable[0].row["id"] == "7"


def test_nothing_is_false():
    assert not Batch()
    assert Batch(unstorable=[Unstorable({}, "why", OPENED)])
    assert read(contact())


# Which copy wins


def stored(modified_at=BEFORE, seen_at=OPENED, text_hash="other", deleted_at=None):
    return StoredCopy(7, modified_at, seen_at, text_hash, deleted_at)


@pytest.mark.parametrize(
    ("known", "wins"),
    [
        (None, True),
        (stored(), True),
        (stored(text_hash=read_one().content_hash), False),
        (stored(modified_at=BEFORE + SECOND), False),
        (stored(modified_at=BEFORE - SECOND, seen_at=OPENED + SECOND), True),
        (stored(modified_at=BEFORE + SECOND, seen_at=OPENED - SECOND), True),
        (stored(modified_at=BEFORE, seen_at=OPENED - SECOND), True),
        (stored(seen_at=OPENED + SECOND), False),
        (stored(modified_at=None), True),
        (stored(modified_at=None, seen_at=OPENED + SECOND), False),
        (stored(deleted_at=OPENED), True),
        (stored(deleted_at=OPENED + SECOND), False),
        (stored(deleted_at=OPENED, text_hash=read_one().content_hash), True),
    ],
)
def test_the_later_copy_wins(known, wins):
    assert read_one().beats(known) is wins


@pytest.mark.parametrize(
    ("known", "shown_at", "behind"),
    [
        (stored(), BEFORE, False),
        (stored(), BEFORE + SECOND, True),
        (stored(), None, False),
        (stored(), BEFORE - SECOND, False),
        (stored(seen_at=OPENED - SECOND), BEFORE - SECOND, True),
        (stored(seen_at=OPENED - SECOND), BEFORE, False),
        (stored(modified_at=None), BEFORE, True),
        (stored(deleted_at=OPENED), BEFORE, True),
        (stored(deleted_at=OPENED + SECOND), BEFORE, False),
    ],
)
def test_the_mirror_is_behind_what_is_newer_and_what_came_back(known, shown_at, behind):
    assert known.is_behind(Row(7, shown_at, {}), OPENED) is behind
