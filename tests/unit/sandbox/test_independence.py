"""The sandbox stands alone: the standard library and its own modules, nothing of the package it judges."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import django_bigin.sandbox

FOLDER = Path(django_bigin.sandbox.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))
# The lowest first: a folder imports itself and those before it.
FOLDERS = [
    "wire", "world", "accounts", "calls", "records", "coql", "bulk", "metadata", "routing", "control", "server",
]  # fmt: skip


def imports(path):
    """Return the modules of the sandbox that a file imports, as tuples of names, and the top packages of all others."""
    own, foreign = set(), set()
    here = path.relative_to(FOLDER).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            foreign |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            foreign.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= len(here) + 1, f"{path} imports from outside of the sandbox"
            own.add((*here[: len(here) + 1 - node.level], *(node.module or "").split(".")))
    return own, foreign


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_file_imports_the_standard_library_and_the_sandbox_alone(path):
    _, foreign = imports(path)

    assert foreign <= sys.stdlib_module_names


def test_every_folder_has_its_place():
    assert {path.parent.name for path in FOLDER.glob("*/__init__.py")} == set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_none_above_it(folder):
    below = set(FOLDERS[: FOLDERS.index(folder) + 1])

    for path in (FOLDER / folder).glob("*.py"):
        own, _ = imports(path)
        assert {module[0] for module in own} <= below, path


def test_it_starts_without_any_installed_package():
    code = "from django_bigin.sandbox import Sandbox\nwith Sandbox(records={'Contacts': 5}) as s: print(s.url)"
    run = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=FOLDER.parent.parent, capture_output=True, text=True, timeout=60
    )

    assert run.stdout.startswith("http://127.0.0.1:"), run.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_the_table_of_products_alone_spells_a_products_paths_and_scopes(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = [node for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    docstrings = {id(node.body[0].value) for node in documented if node.body and isinstance(node.body[0], ast.Expr)}
    spelled = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
        if re.search(r"/bigin/(v2|bulk)|zohobigin", node.value, re.IGNORECASE)
    ]

    assert spelled == [] or path == FOLDER / "world" / "products.py"
