"""dev.py where no other run reaches: reading a package index, help, and refusals."""

import ast
import json
import os
import subprocess
import sys

import pytest

from devtools import environment, pip
from devtools.processes import ROOT, Stop
from devtools.verbs import VERBS

DIGEST = "a" * 64


def run(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60)


@pytest.mark.parametrize(
    ("names", "package", "needed"),
    [
        (["lint"], str(ROOT), "ruff"),
        (["cli", "postgres"], f"{ROOT}[cli,postgres]", None),
        (["cli", "dev"], f"{ROOT}[cli]", "pytest"),
    ],
)
def test_pip_is_told_of_the_package_its_extras_and_what_the_groups_list(names, package, needed):
    _, target, *others = environment.editable_target(names)

    assert target == package
    assert any(each.startswith(needed) for each in others) if needed else others == []


def test_the_newest_wheel_of_a_json_index_is_taken():
    page = json.dumps(
        {
            "files": [
                {"filename": "pip-9.0-py3-none-any.whl", "url": "../9.whl", "hashes": {"sha256": DIGEST}},
                {"filename": "pip-25.1.1-py3-none-any.whl", "url": "../25.whl", "hashes": {"sha256": DIGEST}},
                {"filename": "pip-25.2.tar.gz", "url": "../25.tar.gz", "hashes": {"sha256": DIGEST}},
                {"filename": "pip-26.0-py3-none-any.whl", "url": "x", "hashes": {"sha256": DIGEST}, "yanked": "bad"},
                {"filename": "pip-26.1b1-py3-none-any.whl", "url": "x", "hashes": {"sha256": DIGEST}},
            ]
        }
    ).encode()

    found = pip.newest_pip(pip.read_index(page, "application/vnd.pypi.simple.v1+json", "https://index/simple/pip/"))

    assert found[:3] == ("pip-25.1.1-py3-none-any.whl", "https://index/simple/25.whl", DIGEST)


def test_an_html_index_is_read_too():
    page = f"""<a href="/f/pip-24.0-py3-none-any.whl#sha256={DIGEST}" data-requires-python="&gt;=3.7">
        pip-24.0-py3-none-any.whl</a>
        <a href="/f/pip-99.0-py3-none-any.whl#sha256={DIGEST}" data-requires-python="&gt;=3.99"
        >pip-99.0-py3-none-any.whl</a>
        <a data-yanked="" href="/f/pip-25.0-py3-none-any.whl#sha256={DIGEST}">pip-25.0-py3-none-any.whl</a>""".encode()

    found = pip.newest_pip(pip.read_index(page, "text/html", "https://index/simple/pip/"))

    assert found[:3] == ("pip-24.0-py3-none-any.whl", "https://index/f/pip-24.0-py3-none-any.whl", DIGEST)


def test_a_wheel_whose_hash_the_index_does_not_state_is_not_taken():
    page = b'<a href="/f/pip-24.0-py3-none-any.whl">pip-24.0-py3-none-any.whl</a>'

    with pytest.raises(ValueError, match="no wheel of pip with a sha256"):
        pip.newest_pip(pip.read_index(page, "text/html", "https://index/simple/pip/"))


def test_a_wheel_that_does_not_have_the_stated_hash_is_refused(monkeypatch, tmp_path):
    page = json.dumps(
        {"files": [{"filename": "pip-25.0-py3-none-any.whl", "url": "x.whl", "hashes": {"sha256": DIGEST}}]}
    ).encode()
    answers = {"https://me:secret@index/simple/pip/": (page, "application/json")}
    monkeypatch.setattr(pip, "pip_settings", lambda: {"index-url": "https://me:secret@index/simple"})
    monkeypatch.setattr(pip, "download", lambda url, settings: answers.get(url, (b"not pip", "binary/octet-stream")))

    with pytest.raises(Stop, match="does not have the hash") as stop:
        pip.fetch_pip(tmp_path)

    assert "secret" not in str(stop.value)
    assert list(tmp_path.iterdir()) == []


def test_pip_files_and_environment_are_read_as_pip_reads_them(monkeypatch, tmp_path):
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://file/simple\ncert = /a.pem\n")
    monkeypatch.setattr(pip, "pip_files", lambda: [tmp_path / "pip.conf"])
    monkeypatch.setenv("PIP_INDEX_URL", "https://environment/simple")

    settings = pip.pip_settings()

    assert settings["index-url"] == "https://environment/simple"
    assert settings["cert"] == os.environ.get("PIP_CERT", "/a.pem")


def test_an_environment_is_made_once_and_again_when_what_it_depends_on_changes(monkeypatch, tmp_path):
    done = []
    python = tmp_path / "venv" / "bin" / "python"
    for name, value in (("HOME", tmp_path), ("STAMP", tmp_path / "stamp.json"), ("PYTHON", python)):
        monkeypatch.setattr(environment, name, value)

    def make():
        done.append("made")
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()

    monkeypatch.setattr(environment, "make_environment", make)
    monkeypatch.setattr(environment, "install", lambda extras: done.append(" ".join(extras)))

    environment.ensure_environment(["test"])
    environment.ensure_environment(["test"])
    environment.ensure_environment(["lint"])
    environment.ensure_environment(["test"])
    assert done == ["made", "test", "lint test"]

    monkeypatch.setattr(environment, "project_identity", lambda: "another pyproject.toml")
    environment.ensure_environment(["lint"])
    assert done[3:] == ["lint test"]

    monkeypatch.setattr(environment, "python_identity", lambda: "another Python")
    environment.ensure_environment(["lint"])
    assert done[4:] == ["made", "lint"]


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"help"}))
def test_each_verb_has_help_that_starts_nothing(verb):
    # As if it had to be made: help must not need the environment.
    done = run("-c", START, verb, "--help")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: dev.py {verb}")
    assert done.stderr == ""


START = """
import sys
from devtools import environment, main, verbs

def refuse(extras):
    raise SystemExit("help asks for the environment")

verbs.ensure_environment = environment.ensure_environment = refuse
sys.exit(main.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"], ["-h"]])
def test_the_verbs_are_listed(arguments):
    done = run("dev.py", *arguments)

    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")] == list(VERBS)


def test_an_unknown_verb_lists_the_verbs():
    done = run("dev.py", "tests")

    assert done.returncode == 2
    assert "'tests' is not one of them" in done.stderr
    assert "demo" in done.stdout


def test_a_benchmark_that_does_not_exist_is_named():
    done = run("dev.py", "bench", "sandbox", "nothing")

    assert done.returncode == 1
    assert done.stderr == "dev.py: benchmarks/ has none of: nothing.\n"


def test_an_old_python_says_which_one_is_needed():
    code = "import runpy, sys; sys.version_info = (3, 8, 10); runpy.run_path('dev.py', run_name='__main__')"

    done = run("-c", code, "help")

    assert done.returncode == 1
    assert done.stderr == "django-bigin needs Python 3.11 or newer; this is Python 3.8.\n"
    assert done.stdout == ""


def test_it_runs_from_any_folder_and_where_python_leaves_its_own_out(tmp_path):
    command = [sys.executable, ROOT / "dev.py", "help"]
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}

    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=60)

    assert done.returncode == 0, done.stderr


def test_dev_py_is_written_so_that_an_old_python_can_read_it():
    newer = (ast.JoinedStr, ast.AnnAssign, ast.Nonlocal, ast.Starred, ast.NamedExpr, ast.AsyncFunctionDef, ast.Match)
    for node in ast.walk(ast.parse((ROOT / "dev.py").read_text(), feature_version=(3, 4))):
        if isinstance(node, ast.Starred) and isinstance(node.ctx, ast.Load):
            continue  # f(*arguments) is as old as Python itself
        assert not isinstance(node, newer), f"line {node.lineno}"
        if isinstance(node, ast.FunctionDef):
            assert not node.returns, f"line {node.lineno}"
            assert not node.args.kwonlyargs, f"line {node.lineno}"
            assert not any(argument.annotation for argument in node.args.args), f"line {node.lineno}"
