"""The demo, run as a person runs it; and no secret in what it leaves behind."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = """
import sys
from devtools import main, verbs
verbs.ensure_environment = lambda extras: sys.executable
sys.exit(main.main(["site"]))
"""

# It brings its own database and takes a minute: once a CI run is enough.
pytestmark = pytest.mark.skipif(
    bool(os.environ.get("DATABASE_URL") or os.environ.get("TOX_ENV_NAME")), reason="runs with the suite on SQLite"
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run the demo; return its outcome, and the folder with database, logs at DEBUG and the list of secrets."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "demo", "--keep", str(folder)]
    outcome = subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=300, check=False
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


def test_the_site_stops_everything_that_it_started(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with output.open("w") as file:
        site = subprocess.Popen(
            [sys.executable, "-c", SITE], cwd=ROOT, env=clean_environment(), stdout=file, start_new_session=True
        )
    give_up_at = time.monotonic() + 90
    while "Ctrl-C stops everything" not in output.read_text() and time.monotonic() < give_up_at:
        assert site.poll() is None
        time.sleep(0.2)

    site.send_signal(signal.SIGTERM)

    assert site.wait(timeout=60) == 143
    with pytest.raises(ProcessLookupError):
        os.killpg(site.pid, 0)


def clean_environment() -> dict[str, str]:
    """Return the environment without what the suite or a developer has set for the site."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("BIGIN_", "DATABASE_"))}


def forms(value: str) -> list[tuple[str, bytes]]:
    """Spell a secret as it may stand somewhere: plain, URL-encoded, in base64 at each of its three offsets."""
    raw = value.encode()
    encoded = [("plain", raw), ("url", quote(value, safe="").encode())]
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + raw)
        # Without the characters that the neighbours take part in.
        encoded.append((f"base64 at {offset}", text[4 if offset else 0 : len(text) - 4]))
    return encoded
