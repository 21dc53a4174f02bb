"""The demo, run as a person runs it; and no secret in what it leaves behind."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

ROOT = Path(__file__).resolve().parents[2]

# It brings its own database and takes a minute: once a CI run is enough.
pytestmark = pytest.mark.skipif(
    bool(os.environ.get("DATABASE_URL") or os.environ.get("TOX_ENV_NAME")), reason="runs with the suite on SQLite"
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The demo's outcome, and the folder with its database, its logs at DEBUG and the sandbox's list of secrets."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("BIGIN_", "DATABASE_"))}
    command = [sys.executable, "-m", "demo", "--keep", str(folder)]
    outcome = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    return outcome, folder


def test_every_module_of_the_mirror_equals_bigin(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    outcome, _ = demo
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert outcome.stdout.count("  equal") == 27
    assert "DIFFERENT" not in outcome.stdout


def test_no_secret_is_in_the_database_the_logs_or_the_output(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    outcome, folder = demo
    secrets = json.loads((folder / "secrets.json").read_text())["secrets"]
    values = {entry["value"] for entry in secrets}
    assert len(values) >= 20
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "secrets.json"]
    places = {path.name: path.read_bytes() for path in files}
    places.pop("sandbox.json", None)  # the start file is the sandbox's own, and private to its user
    places["output"] = (outcome.stdout + outcome.stderr).encode()
    for log in ("demo.log", "site.log", "worker-refresh.log", "worker-sync.log", "beat.log"):
        assert b"DEBUG" in places[log], log
    assert b"code=[hidden]" in places["site.log"]
    assert len(places["demo.sqlite3"]) > 100_000
    leaks = [
        (kind, name) for value in values for kind, form in forms(value) for name, text in places.items() if form in text
    ]
    assert leaks == []


def forms(value: str) -> list[tuple[str, bytes]]:
    """A secret as it may stand somewhere: plain, URL-encoded, in base64 at each of its three offsets."""
    raw = value.encode()
    encoded = [("plain", raw), ("url", quote(value, safe="").encode())]
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + raw)
        # Without the characters that the neighbours take part in.
        encoded.append((f"base64 at {offset}", text[4 if offset else 0 : len(text) - 4]))
    return encoded
