"""What others write of a model's fields, with the programs that sites use for it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from django_bigin.testing.leaks import spellings

ROOT = Path(__file__).resolve().parents[3]
SECRETS = (
    "1000.access.5f1d",
    "1000.refresh.9b2e",
    "the-slugsecret",
    "a-code-verifier-that-nobody-may-read-7c11",
    "unsaved1",
)
# Whatever writes the values of all fields, and so must write something in place of a secret.
WRITES_ALL = ("auditlog", "copy", "django-import-export", "djangorestframework", "format", "getattr", "unsaved")


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    run = subprocess.run(
        [sys.executable, "-m", "tests.support.walkers"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout.splitlines()[-1]))


def test_nothing_that_walks_the_fields_of_a_model_writes_a_secret(written: dict[str, str]) -> None:
    leaks = [
        f"{way}: {secret[:6]}...{how}"
        for way, text in written.items()
        for secret in SECRETS
        for how, spelling in spellings(secret)
        if spelling in text
    ]
    assert leaks == []


@pytest.mark.parametrize("way", WRITES_ALL)
def test_it_writes_a_placeholder_where_a_secret_is_stored(written: dict[str, str], way: str) -> None:
    assert "<secret>" in written[way]
