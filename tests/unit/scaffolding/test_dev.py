"""dev.py where no other run reaches: reading a package index, and saying no."""

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DIGEST = "a" * 64


@pytest.fixture(scope="module")
def dev():
    spec = importlib.util.spec_from_file_location("dev_py", ROOT / "dev.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_newest_wheel_of_a_json_index_is_taken(dev):
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

    found = dev.newest_pip(dev.read_index(page, "application/vnd.pypi.simple.v1+json", "https://index/simple/pip/"))

    assert found == ("pip-25.1.1-py3-none-any.whl", "https://index/simple/25.whl", DIGEST)


def test_an_html_index_is_read_too(dev):
    page = f"""<a href="/f/pip-24.0-py3-none-any.whl#sha256={DIGEST}" data-requires-python="&gt;=3.7">
        pip-24.0-py3-none-any.whl</a>
        <a href="/f/pip-99.0-py3-none-any.whl#sha256={DIGEST}" data-requires-python="&gt;=3.99"
        >pip-99.0-py3-none-any.whl</a>
        <a data-yanked="" href="/f/pip-25.0-py3-none-any.whl#sha256={DIGEST}">pip-25.0-py3-none-any.whl</a>""".encode()

    found = dev.newest_pip(dev.read_index(page, "text/html", "https://index/simple/pip/"))

    assert found == ("pip-24.0-py3-none-any.whl", "https://index/f/pip-24.0-py3-none-any.whl", DIGEST)


def test_a_wheel_whose_hash_the_index_does_not_state_is_not_taken(dev):
    page = b'<a href="/f/pip-24.0-py3-none-any.whl">pip-24.0-py3-none-any.whl</a>'

    with pytest.raises(ValueError, match="no wheel of pip with a sha256"):
        dev.newest_pip(dev.read_index(page, "text/html", "https://index/simple/pip/"))


def test_a_wheel_that_does_not_have_the_stated_hash_is_refused(dev, monkeypatch, tmp_path):
    page = json.dumps(
        {"files": [{"filename": "pip-25.0-py3-none-any.whl", "url": "x.whl", "hashes": {"sha256": DIGEST}}]}
    ).encode()
    answers = {"https://me:secret@index/simple/pip/": (page, "application/json")}
    monkeypatch.setattr(dev, "pip_settings", lambda: {"index-url": "https://me:secret@index/simple"})
    monkeypatch.setattr(dev, "fetch", lambda url, settings: answers.get(url, (b"not pip", "binary/octet-stream")))
    monkeypatch.setattr(dev, "HOME", str(tmp_path))

    with pytest.raises(dev.Stop, match="does not have the hash") as stop:
        dev.fetch_pip()

    assert "secret" not in str(stop.value)
    assert list(tmp_path.iterdir()) == []


def test_pip_files_and_environment_are_read_as_pip_reads_them(dev, monkeypatch, tmp_path):
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://file/simple\ncert = /a.pem\n")
    monkeypatch.setattr(dev, "pip_files", lambda: [str(tmp_path / "pip.conf")])
    monkeypatch.setenv("PIP_INDEX_URL", "https://environment/simple")

    settings = dev.pip_settings()

    assert settings["index-url"] == "https://environment/simple"
    assert settings["cert"] == dev.os.environ.get("PIP_CERT", "/a.pem")


def test_an_unknown_verb_lists_the_verbs():
    done = subprocess.run([sys.executable, ROOT / "dev.py", "tests"], capture_output=True, text=True, cwd=ROOT)

    assert done.returncode == 2
    assert "'tests' is not one of them" in done.stderr
    assert "demo" in done.stdout


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
