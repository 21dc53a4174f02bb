import inspect
import pickle
import re
import textwrap

import pytest

from django_bigin import exceptions
from django_bigin.exceptions import (
    AuthorizationError,
    BiginError,
    ClientCredentialsError,
    RateLimitError,
    RequestError,
    ServerError,
    TransientError,
)

ALL = [each for _, each in inspect.getmembers(exceptions, inspect.isclass) if issubclass(each, BiginError)]


@pytest.mark.parametrize("error", ALL)
def test_every_error_says_in_one_line_what_it_is_and_where(error):
    raised = error("Bigin failed; try again later.", status=502, code="INTERNAL_ERROR", endpoint="GET /bigin/v2/org")

    assert str(raised) == "Bigin failed; try again later. (GET /bigin/v2/org, 502, INTERNAL_ERROR)"
    assert str(error("Just so.")) == "Just so."
    assert raised.completed == ()


@pytest.mark.parametrize("error", ALL)
def test_every_error_belongs_to_what_the_caller_does_next(error):
    groups = (
        TransientError,
        AuthorizationError,
        RequestError,
        exceptions.ResponseError,
        exceptions.SyncError,
        exceptions.EncryptionError,
        exceptions.ForeignDatabaseError,
    )

    assert error is BiginError or sum(issubclass(error, group) for group in groups) == 1


def test_only_what_is_transient_says_when_to_try_again():
    assert RateLimitError("Wait.", retry_after=600).retry_after == 600
    assert ServerError("Wait.").retry_after is None
    with pytest.raises(TypeError):
        ClientCredentialsError("No.", retry_after=1)


@pytest.mark.parametrize("error", ALL)
def test_an_error_survives_the_way_between_processes(error):
    raised = error("A sentence.", status=400, code="CODE", endpoint="GET /x")

    back = pickle.loads(pickle.dumps(raised))

    assert type(back) is error
    assert (str(back), back.status, back.code) == (str(raised), 400, "CODE")


def test_the_tree_in_the_docstring_is_the_tree():
    drawn, above = [], []
    tree = textwrap.dedent(exceptions.__doc__.split("::\n\n")[1].split("\n\n")[0])
    for line in tree.splitlines():
        found = re.match(r"( *)(\w+Error)\b", line)
        if found:
            depth = len(found[1]) // 4
            above[depth:] = [found[2]]
            drawn.append((found[2], above[depth - 1] if depth else "Exception"))

    assert sorted(drawn) == sorted((each.__name__, each.__bases__[0].__name__) for each in ALL)
