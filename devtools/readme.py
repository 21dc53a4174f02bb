"""Run a document's commands word for word, as a stranger would: in an empty folder, with an empty environment.

It runs every ```sh and ```console block between the lines `<!-- first use -->` and `<!-- /first use -->`, or
other words that `--marker` names; a document may have several such pairs. A `sh` block runs whole. Of a `console`
block run the lines that begin with `$ `, and with `> ` where one goes on; the rest is what they print, and each such
line that is not `...` must be in what they really print. All blocks run in one shell, so that `cd` and `export` last;
what was started with `&` is stopped at the end.

The package comes from a wheel of this checkout: pip finds it through PIP_FIND_LINKS, so that `pip install` in the
document needs no change. The machine's own PIP_* settings stay.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARKER = "first use"
FENCE = re.compile(r"^```(sh|console)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
# Unlike `set -x` it leaves out what a sourced file, such as a virtual environment's activate, does.
SHOW_COMMANDS = r"""
__shown=("" "" "" "")
__show() {
  local each
  # A loop that waits shows its commands once.
  for each in "${__shown[@]}"; do
    if [ "$each" = "$1" ]; then return; fi
  done
  __shown=("${__shown[@]:1}" "$1")
  printf '+ %s\n' "${1%%$'\n'*}"
}
trap '__show "$BASH_COMMAND"' DEBUG
"""


class Unusable(Exception):
    """The document cannot be run; the message says why."""


def main() -> int:
    """Run the document that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--document", "--readme", type=Path, default=ROOT / "README.md", help="README.md by default")
    parser.add_argument(
        "--marker", action="append", help=f"the words in the marks around what runs, in this order ({MARKER})"
    )
    parser.add_argument("--wheels", type=Path, required=True, help="folder with the wheel of this checkout")
    parser.add_argument("--timeout", type=float, default=900, help="seconds until it is stopped (900)")
    parser.add_argument("--keep", action="store_true", help="leave the folder behind, to look at it")
    options = parser.parse_args()
    try:
        text = options.document.read_text(encoding="utf-8")
        script, expected = read_document(text, options.marker or [MARKER], name=options.document.name)
    except (OSError, Unusable) as error:
        print(f"readme: {error}", file=sys.stderr)
        return 1
    folder = Path(tempfile.mkdtemp(prefix="django-bigin-readme-"))
    try:
        done = run(script, expected, folder=folder, wheels=options.wheels.resolve(), timeout=options.timeout)
        print(f"readme: {options.document.name} {'did not run as it says' if done else 'ran word for word'}")
        return done
    finally:
        if options.keep:
            print(f"readme: left in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def read_document(text: str, markers: Sequence[str], *, name: str = "README.md") -> tuple[str, list[str]]:
    """Return the shell script that a document's blocks make, and the lines that it says they print."""
    commands: list[str] = []
    expected: list[str] = []
    for marker in markers:
        for part in marked_parts(text, marker, name):
            for kind, block in FENCE.findall(part):
                if kind == "sh":
                    commands += block.splitlines()
                else:
                    read_console(block, commands, expected)
    if not commands:
        raise Unusable(f"{name} has no ```sh or ```console block between its marks")
    return "\n".join(commands) + "\n", expected


def marked_parts(text: str, marker: str, name: str) -> list[str]:
    """Return the text between each pair of marks."""
    begin, end = f"<!-- {marker} -->", f"<!-- /{marker} -->"
    before, *parts = text.split(begin)
    if not parts or end in before or any(part.count(end) != 1 for part in parts):
        raise Unusable(f"{name} needs one {begin!r} and one {end!r} after it, or several such pairs")
    return [part.partition(end)[0] for part in parts]


def read_console(block: str, commands: list[str], expected: list[str]) -> None:
    """Sort the lines of a console block into commands and what they print."""
    for line in block.splitlines():
        if line == ">" or line.startswith(("$ ", "> ")):
            commands.append(line[2:])
        elif line.strip() and line.strip() != "...":
            expected.append(line.strip())


def run(script: str, expected: list[str], *, folder: Path, wheels: Path, timeout: float) -> int:
    """Run a script in a folder as if nothing else were on the machine, and compare what it prints; 0 if it is so."""
    home, empty, bin_folder = folder / "home", folder / "empty", folder / "bin"
    for path in (home, empty, bin_folder):
        path.mkdir()
    # The Python that runs this, under the name that the document uses: the machine's own may be too old.
    (bin_folder / "python3").symlink_to(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    environment = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    environment |= {
        "PATH": f"{bin_folder}:{os.environ.get('PATH', os.defpath)}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PIP_FIND_LINKS": " ".join(filter(None, [str(wheels), os.environ.get("PIP_FIND_LINKS")])),
    }
    shell = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", SHOW_COMMANDS + script]
    process = subprocess.Popen(
        shell,
        cwd=empty,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    transcript, status = follow(process, timeout=timeout)
    if status:
        print(f"readme: it stopped with exit code {status}", file=sys.stderr)
        return 1
    printed = squeeze("\n".join(line for line in transcript.splitlines() if not line.startswith("+ ")))
    missing = [line for line in expected if squeeze(line) not in printed]
    for line in missing:
        print(f"readme: this line was not printed: {line}", file=sys.stderr)
    return 1 if missing else 0


def follow(process: subprocess.Popen[bytes], *, timeout: float) -> tuple[str, int]:
    """Show what the shell prints until the shell itself ends, whatever it left running; then stop that too."""
    transcript = bytearray()
    output = process.stdout
    assert output is not None
    os.set_blocking(output.fileno(), False)
    try:
        # A server in the background keeps the pipe open: the end of the shell decides, not the end of the output.
        for _ in range(int(timeout * 10)):
            try:
                status = process.wait(0.1)
            except subprocess.TimeoutExpired:
                status = None
            chunk = output.read() or b""
            transcript += chunk
            sys.stdout.write(chunk.decode("utf-8", "replace"))
            sys.stdout.flush()
            if status is not None:
                return transcript.decode("utf-8", "replace"), status
        print(f"\nreadme: stopped after {timeout:.0f} seconds", file=sys.stderr)
        return transcript.decode("utf-8", "replace"), 124
    finally:
        stop_group(process)


def stop_group(process: subprocess.Popen[bytes]) -> None:
    """Stop a process and all that it started, by force after three seconds."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            continue


def squeeze(text: str) -> str:
    """Make one space of several: columns of a table move with the width of their contents."""
    return re.sub(r"[ \t]+", " ", text)


if __name__ == "__main__":
    sys.exit(main())
