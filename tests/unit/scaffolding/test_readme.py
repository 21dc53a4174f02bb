"""The run of a document's commands."""

import subprocess
import sys

import pytest

from devtools.processes import ROOT
from devtools.readme import Unusable, read_document

README = """# Title

```sh
false  # not part of it
```
<!-- first use -->
Text.
```console
$ for word in one two
> do echo $word
> done
one
...
```
```sh
cat > file.txt <<'EOF'
within a file
EOF
mkdir below && cd below
sleep 600 &
```
```python
this is not run
```
```console
$ cat ../file.txt
within   a file
```
<!-- /first use -->
"""


def run(readme, *, tmp_path):
    path = tmp_path / "README.md"
    path.write_text(readme)
    command = [sys.executable, "-m", "devtools.readme", "--readme", path, "--wheels", tmp_path, "--timeout", "20"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_commands_and_what_they_print_are_told_apart():
    script, expected = read_document(README, ["first use"])

    assert script.splitlines()[:3] == ["for word in one two", "do echo $word", "done"]
    assert "false" not in script
    assert "not run" not in script
    assert expected == ["one", "within   a file"]


def test_a_first_use_runs_in_one_shell_and_leaves_nothing_running(tmp_path):
    done = run(README, tmp_path=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "ran word for word" in done.stdout


def test_a_line_that_is_not_printed_fails(tmp_path):
    done = run(README.replace("within   a file", "something else"), tmp_path=tmp_path)

    assert done.returncode == 1
    assert "was not printed: something else" in done.stderr


def test_a_command_that_fails_stops_it(tmp_path):
    done = run(README.replace("mkdir below", "mkdir below/below"), tmp_path=tmp_path)

    assert done.returncode == 1
    assert "stopped with exit code" in done.stderr


def test_the_environment_is_empty_but_for_what_pip_needs(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "leaked")
    readme = "<!-- first use -->\n```console\n$ echo key=$SECRET_KEY. home=$HOME\n```\n<!-- /first use -->\n"

    done = run(readme, tmp_path=tmp_path)

    assert "key=. home=" in done.stdout
    assert "home=/root" not in done.stdout


def test_a_document_may_have_several_marked_parts_under_several_words():
    text = "".join(
        f"<!-- {mark} -->\n```sh\n{command}\n```\n<!-- /{mark} -->\n```sh\nfalse\n```\n"
        for mark, command in (("a", "one"), ("b", "two"), ("a", "three"))
    )

    script, _ = read_document(text, ["b", "a"])

    assert script.splitlines() == ["two", "one", "three"]


def test_a_mark_that_is_not_closed_is_named():
    with pytest.raises(Unusable, match="needs one '<!-- a -->'"):
        read_document("<!-- a -->\n```sh\ntrue\n```\n", ["a"])


def test_a_readme_without_the_marks_is_named(tmp_path):
    done = run("# Title\n", tmp_path=tmp_path)

    assert done.returncode == 1
    assert "needs one '<!-- first use -->'" in done.stderr
