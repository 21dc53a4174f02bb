"""The search through what a run leaves behind finds a secret however it is spelled, in whatever file."""

import base64
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from demo.leaks import search

SECRET = {"kind": "refresh_token", "value": "1000.8be0d7/+c61f=24e3"}
WAYS: dict[str, tuple[str, Callable[[str], str]]] = {
    "plain": ("", str),
    "URL-encoded": (", URL-encoded", lambda value: quote(value, safe="")),
    "in hex": (", in hex", lambda value: value.encode().hex()),
    "in base64": (", in base64", lambda value: base64.b64encode(value.encode()).decode()),
    "in base64 behind a byte": (", in base64", lambda value: base64.b64encode(f"x{value}!".encode()).decode()),
    "in base64 behind two": (", in base64", lambda value: base64.urlsafe_b64encode(f"xy{value}".encode()).decode()),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_found_and_not_shown(way: str, tmp_path: Path) -> None:
    encoding, spell = WAYS[way]
    (tmp_path / "clean.log").write_text("nothing here\n")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "site.log").write_bytes(b"\xff\x00\r" + f"?x={spell(SECRET['value'])}&".encode())

    found = search(tmp_path, [SECRET, SECRET])

    assert found.leaks == (f"refresh_token{encoding} in deeper/site.log",)
    assert (found.values, found.files) == (1, 2)
    assert str(found) == f"SECRETS ARE IN THE OPEN: refresh_token{encoding} in deeper/site.log"


def test_what_holds_no_secret_is_counted(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text(SECRET["value"])
    (tmp_path / "site.log").write_text(SECRET["value"][:-1])

    found = search(tmp_path, [SECRET])

    assert found.leaks == ()
    assert "None of 1 secrets is in any of 1 files" in str(found)


@pytest.mark.parametrize("secrets", [[], [SECRET]])
def test_a_search_of_nothing_is_no_proof(secrets: list[dict[str, str]], tmp_path: Path) -> None:
    if not secrets:
        (tmp_path / "site.log").write_text("something")
    with pytest.raises(ValueError, match="a search of nothing"):
        search(tmp_path, secrets)
