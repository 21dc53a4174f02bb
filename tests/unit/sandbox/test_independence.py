"""The sandbox stands alone: the standard library and its own modules, nothing of the package it judges."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import django_bigin.sandbox

FOLDER = Path(django_bigin.sandbox.__file__).parent
FILES = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_imports_the_standard_library_and_its_neighbours_alone(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert {name.name.partition(".")[0] for name in node.names} <= sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom):
            assert node.level == 1 or (node.module or "").partition(".")[0] in sys.stdlib_module_names


def test_it_starts_without_any_installed_package():
    code = "from django_bigin.sandbox import Sandbox\nwith Sandbox(records={'Contacts': 5}) as s: print(s.url)"
    run = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=FOLDER.parent.parent, capture_output=True, text=True, timeout=60
    )

    assert run.stdout.startswith("http://127.0.0.1:"), run.stderr
