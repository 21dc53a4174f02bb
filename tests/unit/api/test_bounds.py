"""Answers that never end, and answers that are too large."""

import gzip
import io
import json
import time
import tracemalloc

import pytest

from django_bigin.api import bounds
from django_bigin.exceptions import NetworkError, ResponseError

MB = 1024**2


def fetch(client):
    return client.metadata.fetch_organization()


@pytest.mark.parametrize("drip", ["body", "all"])
@pytest.mark.parametrize("who", ["api", "accounts", "revoke"])
def test_an_answer_byte_by_byte_is_given_up_at_the_deadline(server, client, accounts, who, drip):
    server.answer(data={"filler": "x" * 400}, drip=drip)
    ask = {
        "api": lambda: fetch(client),
        "accounts": lambda: accounts.refresh("1000.refresh"),
        "revoke": lambda: accounts.revoke("1000.refresh"),
    }
    started = time.monotonic()
    with pytest.raises(NetworkError, match=r"within 0\.4 seconds"):
        ask[who]()
    assert time.monotonic() - started < 1.2
    assert len(server.asked) == 1


def bomb(size):
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        file.write(b'{"org": "')
        for _ in range(size // MB):
            file.write(b"0" * MB)
    return packed.getvalue()


GZIPPED = {"Content-Type": "application/json", "Content-Encoding": "gzip"}


@pytest.fixture(scope="module")
def gigabyte():
    return bomb(1024 * MB)


@pytest.mark.parametrize("who", ["api", "accounts"])
def test_a_megabyte_that_unpacks_to_a_gigabyte_takes_little_memory(server, client, accounts, gigabyte, who):
    assert len(gigabyte) < 1.1 * MB
    server.answer(body=gigabyte, headers=GZIPPED)
    tracemalloc.start()
    try:
        with pytest.raises(ResponseError, match="MB"):
            fetch(client) if who == "api" else accounts.refresh("1000.refresh")
        grown = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    print(f"\n1 MB of gzip that unpacks to 1 GB, {who}: memory grew by {grown / MB:.0f} MB")
    assert grown < 64 * MB
    assert len(server.asked) == 1  # it is not asked for again


@pytest.mark.parametrize("headers", [{}, GZIPPED])
def test_an_answer_of_a_kinds_full_size_is_read_and_one_byte_more_is_not(server, accounts, headers):
    filler = bounds.TOKEN_BYTES - len(json.dumps({"access_token": "1000.a", "x": ""}))
    for more in (0, 1):
        body = json.dumps({"access_token": "1000.a", "x": "x" * (filler + more)}).encode()
        server.answer(body=gzip.compress(body) if headers else body, headers=headers)
    assert accounts.refresh("1000.refresh").access_token == "1000.a"
    with pytest.raises(ResponseError):
        accounts.refresh("1000.refresh")


def test_an_answer_in_several_gzip_members_is_one_answer(server, accounts):
    body = json.dumps({"access_token": "1000.a"}).encode()
    server.answer(body=gzip.compress(body[:5]) + gzip.compress(body[5:]), headers=GZIPPED)
    assert accounts.refresh("1000.refresh").access_token == "1000.a"


def test_what_is_no_gzip_after_all_is_an_answer_broken_off(server, client):
    server.answer(body=b"{}", headers=GZIPPED)
    with pytest.raises(NetworkError, match="broke its answer off"):
        fetch(client)
