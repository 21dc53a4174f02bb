"""The demo, run as a person runs it; and no secret in what it leaves behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.leaks import search

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"access_token", "client_secret", "grant_token", "refresh_token", "state"}
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


def test_the_demo_searches_database_logs_and_output_for_every_secret(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    outcome, folder = demo
    [line] = re.findall(r"^None of (\d+) secrets is in any of (\d+) files.*$", outcome.stdout, re.MULTILINE)
    values, files = map(int, line)
    secrets = json.loads((folder / "secrets.json").read_text())
    assert {secret["kind"] for secret in secrets} == KINDS
    assert values == len({secret["value"] for secret in secrets})
    for log in ("demo.log", "site.log", "worker-refresh.log", "worker-sync.log", "beat.log"):
        assert " DEBUG " in (folder / log).read_text(), log
    assert "code=[hidden]" in (folder / "site.log").read_text()
    assert "The mirror equals Bigin." in (folder / "output.log").read_text()
    assert (folder / "demo.sqlite3").stat().st_size > 100_000
    assert files >= 8


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_demo_would_have_found_one(kind: str, demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, folder = demo
    secrets = json.loads((folder / "secrets.json").read_text())
    planted = next(secret["value"] for secret in secrets if secret["kind"] == kind)
    log = folder / "worker-sync.log"
    before = log.read_bytes()
    try:
        with log.open("a") as file:
            file.write(f"DEBUG planted: {planted}\n")
        found = search(folder, secrets)
    finally:
        log.write_bytes(before)
    assert found.leaks == (f"{kind} in worker-sync.log",)


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
