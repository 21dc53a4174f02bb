"""The broker that needs only a folder: a message is there whole, or not at all."""

from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from django_bigin.testing import folder_broker


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "messages"),
        "data_folder_out": str(tmp_path / "messages"),
        "control_folder": str(tmp_path / "control"),
    }
    transport = "django_bigin.testing.folder_broker:Transport"
    with Connection("filesystem://", transport=transport, transport_options=options) as connection:
        yield connection


def test_every_message_arrives(connection: Connection) -> None:
    assert isinstance(connection.default_channel, folder_broker.Channel)
    queue = connection.SimpleQueue("ours")
    for number in range(3):
        queue.put({"number": number})
    assert sorted(queue.get(timeout=5).payload["number"] for _ in range(3)) == [0, 1, 2]


def test_a_message_that_is_being_written_is_not_read(connection: Connection, tmp_path: Path) -> None:
    queue = connection.SimpleQueue("theirs")
    queue.put({})
    (message,) = (tmp_path / "messages").iterdir()
    message.rename(f"{message}.unfinished")
    with pytest.raises(Empty):
        queue.get(block=False)
