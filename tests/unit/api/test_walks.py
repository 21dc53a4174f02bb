import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest

from django_bigin.api import records, walks
from django_bigin.api.answers import MalformedRow, Page, Place
from django_bigin.api.products.bigin import BIGIN
from django_bigin.api.walks import Position, Walk
from django_bigin.exceptions import PageTokenError, PaginationLimitError, RecordNotFoundError, SyncError

OPENED = datetime(2026, 11, 3, 9, 14, 52, tzinfo=UTC)
NOW = OPENED + timedelta(hours=1)
TWO_PARTS = (("Modified_Time", "Email"), ("Modified_Time", "Title"))
PATH = "/bigin/v2/Contacts"


class Server:
    """Answers calls with what was put up for them, in that order; an error is raised."""

    def __init__(self):
        self.answers = []
        self.asked = []

    def give(self, *ids, token=None, more=None, place=True, expires_at=None, malformed=(), at=OPENED):
        rows = [row if isinstance(row, dict) else {"id": str(row)} for row in ids]
        more = token is not None if more is None else more
        following = Place(2, token, expires_at) if more and place else None
        self.answers.append(Page(rows, more, following, at, malformed=malformed))

    def __call__(self, call):
        self.asked.append(call)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def server():
    return Server()


def walk_through(server, parts=(("Email",),), now=NOW):
    def build(place, fields):
        return records.list_page(BIGIN, "Contacts", place, fields=fields)

    return Walk(BIGIN, "Contacts", build, parts=parts, send=server, now=lambda: now)


def all_ids(walk, position):
    return [step.ids for step in walk.steps(position)]


def stored(position):
    """The position as another process reads it."""
    return Position.from_json(json.loads(json.dumps(position.to_json())))


# Positions


def test_a_position_is_the_same_after_it_was_stored():
    places = (Place(3, "token", NOW), Place(1), None)
    position = Position("digest", places, OPENED, 2, 400, 77, False, True, False, False, 1, NOW, True)

    assert stored(position) == position


def test_every_part_of_a_position_is_stored():
    kept = set(Position("digest", (Place(1),)).to_json()) - {"version"}

    assert kept == {field.name for field in dataclasses.fields(Position)}


WHOLE = Position("digest", (Place(2, "token", NOW), None), OPENED, 1, 200, 5).to_json()


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"version": walks.VERSION + 1},
        {"version": None},
        {"pages": "1"},
        {"pages": True},
        {"ordered": 1},
        {"request": None},
        {"places": []},
        {"places": None},
        {"places": [None, [1, None, None]]},
        {"places": [[1, None]]},
        {"places": [["1", None, None]]},
        {"places": [[1, 7, None]]},
        {"places": [[1, "token", "tomorrow"]]},
        {"places": [{"page": 1, "token": None}]},
        {"opened_at": None},
        {"opened_at": "2026-11-03T09:14:52"},
        {"before": "nonsense"},
    ],
)
def test_a_position_that_cannot_be_read_is_none(change):
    assert Position.from_json(WHOLE) is not None
    assert Position.from_json(WHOLE | change) is None


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_position_that_lacks_something_is_none(name):
    assert Position.from_json({key: value for key, value in WHOLE.items() if key != name}) is None


@pytest.mark.parametrize("value", [None, {}, [], "text", 7, {"chunks": [{"page": 1}], "pages": 3}])
def test_what_was_never_a_position_is_none(value):
    assert Position.from_json(value) is None


def test_a_position_is_of_a_walk_that_asks_for_the_same(server):
    position = walk_through(server, TWO_PARTS).start()

    assert walk_through(server, TWO_PARTS).fits(stored(position))
    assert not walk_through(server, TWO_PARTS[:1]).fits(position)
    assert not walk_through(server, (*TWO_PARTS[:1], ("Modified_Time", "Fax"))).fits(position)


# Following a list


def test_a_walk_goes_on_where_another_process_left_it(server):
    server.give(1, 2, token="a")
    server.give(3, 4)
    first = next(walk_through(server).steps(walk_through(server).start()))

    rest = list(walk_through(server).steps(stored(first.position)))

    assert [step.ids for step in rest] == [[3, 4]]
    assert rest[0].position.finished
    assert (rest[0].position.pages, rest[0].position.rows, rest[0].position.last_id) == (2, 4, 4)
    assert [dict(call.params).get("page_token") for call in server.asked] == [None, "a"]


def test_a_walk_was_opened_by_its_first_answer(server):
    server.give(1, token="a")
    server.give(2, at=OPENED + timedelta(minutes=5))

    *_, last = walk_through(server).steps(walk_through(server).start())

    assert last.position.opening == OPENED
    with pytest.raises(ValueError, match="No page"):
        walk_through(server).start().opening  # noqa: B018  # reading it is what must fail


def test_a_walk_at_its_end_makes_no_call(server):
    server.give(1)
    walk = walk_through(server)
    [step] = walk.steps(walk.start())

    assert list(walk.steps(step.position)) == []
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("pages", "ordered"),
    [([[1, 2], [3]], True), ([[2, 1], [3]], False), ([[1, 2], [2]], False), ([[5], [4], [9]], False), ([[], []], True)],
)
def test_a_walk_knows_whether_the_ids_have_been_rising(pages, ordered, server):
    for number, ids in enumerate(pages):
        server.give(*ids, token=f"t{number}" if number < len(pages) - 1 else None)
    walk = walk_through(server)

    *_, last = walk.steps(walk.start())

    assert last.position.ordered is ordered


def test_a_walk_remembers_that_a_row_had_no_id(server):
    server.give(1, token="a", malformed=(MalformedRow({}, "The row has no id."),))
    server.give(2)
    walk = walk_through(server)

    *_, last = walk.steps(walk.start())

    assert last.position.malformed


# Parts of a page


def part(record_id, modified="2026-11-01T10:00:00+01:00", **more):
    return {"id": str(record_id), "Modified_Time": modified, **more}


def test_the_parts_of_a_record_are_joined(server):
    server.give(part(1, Email="a"), part(2, Email="b"))
    server.give(part(2, Title="y"), part(1, Title="x"))
    walk = walk_through(server, TWO_PARTS)

    [step] = walk.steps(walk.start())

    assert step.page.records == [part(1, Email="a", Title="x"), part(2, Email="b", Title="y")]


def test_a_record_that_changed_between_the_parts_is_read_by_itself(server):
    server.give(part(1, Email="a"), part(2, Email="b"))
    server.give(part(1, Title="x"), part(2, "2026-11-01T10:00:09+01:00", Title="y"))
    server.answers.append((part(2, Email="c", Title="y"), NOW))
    walk = walk_through(server, TWO_PARTS)

    [step] = walk.steps(walk.start())

    assert step.page.records[1] == part(2, Email="c", Title="y")
    assert server.asked[-1].path == f"{PATH}/2"


def test_a_record_that_is_gone_between_the_parts_is_left_out(server):
    server.give(part(1, Email="a"), part(2, Email="b"))
    server.give(part(1, Title="x"))
    server.answers.append(RecordNotFoundError("It is gone."))
    walk = walk_through(server, TWO_PARTS)

    [step] = walk.steps(walk.start())

    assert step.ids == [1]


def test_a_part_that_ends_first_is_not_asked_for_again(server):
    server.give(part(1, Email="a"), token="one")
    server.give(part(1, Title="x"))
    server.give(part(2, Email="b"))
    server.answers.append((part(2, Email="b", Title="y"), NOW))
    walk = walk_through(server, TWO_PARTS)

    assert all_ids(walk, walk.start()) == [[1], [2]]
    assert [call.path for call in server.asked] == [PATH, PATH, PATH, f"{PATH}/2"]


# Ends that are none


def test_an_expired_token_is_not_sent(server):
    server.give(1, token="a", expires_at=NOW)
    walk = walk_through(server)
    steps = walk.steps(walk.start())
    next(steps)

    with pytest.raises(PageTokenError, match="expired"):
        next(steps)
    assert len(server.asked) == 1


def test_the_page_before_the_wall_is_given_and_then_the_wall_is_told(server):
    server.give(1, token="a")
    server.give(2, more=True, place=False)
    walk = walk_through(server)
    steps = walk.steps(walk.start())
    next(steps)
    last = next(steps)

    assert last.ids == [2]
    with pytest.raises(PaginationLimitError, match="no page token to go on with"):
        next(steps)
    with pytest.raises(PaginationLimitError):
        walk_through(server).read(stored(last.position))
    assert len(server.asked) == 2


@pytest.mark.parametrize("tokens", [("a", "a"), ("a", "b", "a")])
def test_a_token_that_comes_twice_ends_the_walk(tokens, server):
    for number, token in enumerate(tokens):
        server.give(number, token=token)
    walk = walk_through(server)

    with pytest.raises(SyncError, match="twice"):
        all_ids(walk, walk.start())
    assert len(server.asked) == len(tokens)


def test_a_walk_that_starts_again_may_be_given_its_tokens_again(server):
    walk = walk_through(server)
    for _ in range(2):
        server.give(1, token="a")
        server.give(2)

    assert all_ids(walk, walk.start()) == all_ids(walk, walk.start()) == [[1], [2]]


def test_the_same_page_may_come_twice_and_no_more(server):
    for number in range(3):
        server.give(1, 2, token=f"t{number}")
    walk = walk_through(server)
    steps = walk.steps(walk.start())

    assert [next(steps).ids, next(steps).ids] == [[1, 2], [1, 2]]
    with pytest.raises(SyncError, match="again and again"):
        next(steps)


def test_pages_that_are_empty_for_ever_end_the_walk(server):
    for number in range(walks.EMPTY_PAGES_AT_MOST + 1):
        server.give(token=f"t{number}")
    walk = walk_through(server)

    with pytest.raises(SyncError, match="empty pages"):
        all_ids(walk, walk.start())
    assert server.answers == []
