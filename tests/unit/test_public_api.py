"""docs/public-api.md lists the names that a site may import, and no others."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

PAGE_FOLDER = Path(__file__).resolve().parents[2] / "docs"
PAGE = (PAGE_FOLDER / "public-api.md").read_text(encoding="utf-8")
SECTIONS = {
    package: re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    for package, text in re.findall(r"^## `([\w.]+)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}
PACKAGES = {
    f"django_bigin.{name}"
    for name in (
        "api", "connections", "exceptions", "health.metrics", "models", "policy", "sandbox", "signals", "sync", "tasks",
        "testing", "testing.folder_broker", "work",
    )
}  # fmt: skip


def test_the_page_has_every_public_package():
    assert set(SECTIONS) == PACKAGES


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_the_page_lists_each_public_name_once(package):
    assert sorted(SECTIONS[package]) == sorted(import_module(package).__all__)


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_every_name_on_the_page_can_be_imported(package):
    module = import_module(package)
    assert [name for name in SECTIONS[package] if not hasattr(module, name)] == []


def test_examples_in_the_documentation_import_public_names_alone():
    documents = [*PAGE_FOLDER.glob("*.md"), PAGE_FOLDER.parent / "README.md"]
    imports = re.compile(r"^[> ]*from (django_bigin[\w.]*) import ([\w, ]+)$", re.MULTILINE)
    used = [
        (path.name, package, name.strip())
        for path in documents
        for package, names in imports.findall(path.read_text(encoding="utf-8"))
        for name in names.split(",")
    ]
    assert len(used) > 10
    assert [each for each in used if each[2] not in SECTIONS.get(each[1], ())] == []
