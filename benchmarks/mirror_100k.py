"""100,000 contacts of about 1 KB, by pages, into each database: our sync beside a floor written by hand.

    python -m benchmarks.mirror_100k [--records N] [--database sqlite|postgres|mariadb|all] [--repeats N] [--json]

Starts a sandbox and makes a fresh database for every measurement, and drops it after. Ours and the floor run each in a
process of its own, in turn and never at once. See benchmarks/README.md for what each figure means.
"""

from __future__ import annotations

import argparse
import base64
import importlib.util
import json
import os
import platform
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import requests

if __package__ in (None, ""):  # run as `python benchmarks/mirror_100k.py`
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._databases import KINDS, NotThere, scratch_database, version_of

ROOT = Path(__file__).resolve().parent.parent
STATEMENTS_PER_RECORD = 0.05  # the promise; what a run does besides its pages hides it below so many records:
PROMISED_FROM_RECORDS = 10_000
SANDBOX = [sys.executable, "-m", "django_bigin.sandbox"]
SANDBOX_STARTS_IN_SECONDS = 120
Report = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    options = read_options(arguments)
    if importlib.util.find_spec("orjson") is None:
        print("The floor needs orjson: `pip install orjson`, or run `python3 dev.py bench`.", file=sys.stderr)
        return 2
    at, load = datetime.now(UTC).isoformat(timespec="seconds"), [machine_load()]
    kinds = KINDS if options.database == "all" else (options.database,)
    reports = []
    if options.profile:
        options.profile.mkdir(parents=True, exist_ok=True)
    with sandbox(options.records) as bigin:
        reading = run_floor(bigin, None)
        source_hash = bigin.control("GET", "hash", params={"module": "Contacts"})["hash"]
        for kind in kinds:
            try:
                reports.append(measure(kind, bigin, source_hash, options))
            except NotThere as error:
                reports.append({"database": kind, "not_measured": str(error)})
    load.append(machine_load())
    whole = {"at": at, "load": load, **surroundings(), "reading": reading}
    whole |= {"repeats": options.repeats, "databases": reports}
    print(json.dumps(whole, indent=2) if options.json else as_markdown(whole))
    return 0 if all(keeps_promise(report) for report in reports) else 1


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=100_000, metavar="N", help="contacts to mirror (100000)")
    parser.add_argument("--database", choices=(*KINDS, "all"), default="all")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="measurements of each; medians count (3)")
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="a checkout of another commit, measured as well")
    parser.add_argument("--json", action="store_true", help="print everything that was measured")
    parser.add_argument("--profile", type=Path, metavar="FOLDER", help="profile ours into it; the times then mislead")
    options = parser.parse_args(arguments)
    if options.records < 1 or options.repeats < 1:
        parser.error("--records and --repeats start at 1")
    return options


# The sandbox


class Bigin:
    """The running sandbox, as a benchmark needs it."""

    def __init__(self, start: Report, records: int) -> None:
        self.base_url: str = start["base_url"]
        self.organization: Report = start["organizations"][0]
        self.records = records
        self._session = requests.Session()
        self._session.trust_env = False

    def control(self, method: str, path: str, **more: Any) -> Any:
        """Call the sandbox's control API."""
        answer = self._session.request(method, f"{self.base_url}/_sandbox/{path}", timeout=120, **more)
        answer.raise_for_status()
        return answer.json()

    def order(self, database_url: str | None, **more: Any) -> str:
        """What a measuring process is told, with a grant token of its own."""
        minted = self.control("POST", "grant-tokens", json={"org_id": self.organization["org_id"]})
        return json.dumps(
            {
                "base_url": self.base_url,
                "organization": self.organization,
                "grant_token": minted["grant_token"],
                "records": self.records,
                "database_url": database_url,
                "profile": None,
                "only_connect": False,
                **more,
            }
        )


@contextmanager
def sandbox(records: int) -> Iterator[Bigin]:
    """Start a sandbox with so many contacts, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="bigin-bench-") as folder:
        start_file = Path(folder) / "start.json"
        process = subprocess.Popen(
            [*SANDBOX, "--port", "0", "--records", f"Contacts={records}", "--start-file", str(start_file)],
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
        )
        try:
            bigin = Bigin(wait_for(start_file, process), records)
            # A day's credits are fewer than all these syncs need, and ten minutes' connections fewer than these.
            free = {"credits": "counted", "refresh_tokens_per_minute": 0, "refresh_tokens_per_ten_minutes": 0}
            bigin.control("POST", "switches", json=free)
            yield bigin
        finally:
            process.terminate()
            process.wait()


def wait_for(start_file: Path, process: subprocess.Popen[bytes]) -> Report:
    give_up_at = time.monotonic() + SANDBOX_STARTS_IN_SECONDS
    while process.poll() is None and time.monotonic() < give_up_at:
        try:
            return json.loads(start_file.read_text())
        except (FileNotFoundError, ValueError):
            time.sleep(0.1)
    raise SystemExit("The sandbox did not start.")


# Measuring


def measure(kind: str, bigin: Bigin, source_hash: str, options: argparse.Namespace) -> Report:
    repeats, profile = options.repeats, options.profile
    runs: dict[str, list[Report]] = {"ours": [], "floor": [], "second floor": []}
    if options.against:
        runs["against"] = []
    for turn in range(repeats):
        # By turns, so that none always finds the machine as another left it.
        for which in list(runs) if turn % 2 == 0 else list(reversed(runs)):
            with scratch_database(kind) as url:
                if which == "ours":
                    more = {"profile": str((profile / f"{kind}.prof").resolve())} if profile else {}
                    runs[which].append(run_ours(bigin, url, **more))
                elif which == "against":
                    runs[which].append(run_ours(bigin, url, root=options.against.resolve()))
                elif which == "floor":
                    runs[which].append(run_floor(bigin, url))
                else:
                    runs[which].append(run_floor(bigin, url, module_sync=run_ours(bigin, url, only_connect=True)))
            print(f"{kind}: {which} {turn + 1} of {repeats} done", file=sys.stderr, flush=True)
    ours, floors = runs["ours"], runs["floor"]
    first, again = [run["first"] for run in ours], [run["unchanged_full"] for run in ours]
    statements = max(each["statements"] + 2 * each["transactions"] for each in first)
    return {
        "database": kind,
        "version": version_of(kind),
        "records": bigin.records,
        "equal": all(run["hash"] == source_hash and run["records"] == bigin.records for run in ours)
        and all(run["records"] == bigin.records for run in [*floors, *runs["second floor"]]),
        "ours_seconds": median_of(first, "seconds"),
        "floor_seconds": median_of(floors, "seconds"),
        "ours_cpu_seconds": median_of(first, "cpu_seconds"),
        "floor_cpu_seconds": median_of(floors, "cpu_seconds"),
        "unchanged_seconds": median_of(again, "seconds"),
        "unchanged_cpu_seconds": median_of(again, "cpu_seconds"),
        "second_floor_seconds": median_of(runs["second floor"], "seconds"),
        "second_floor_cpu_seconds": median_of(runs["second floor"], "cpu_seconds"),
        "credits": max(each["credits"] for each in first),
        "statements_per_record": statements / bigin.records,
        "ours_peak_mb": median_of(ours, "peak_mb"),
        "ours_peak_mb_at_a_tenth": median_of(ours, "peak_mb_at_a_tenth"),
        "floor_peak_mb": median_of(floors, "peak_mb"),
        **{name: median_run([run[name] for run in ours]) for name in ("idle_delta", "idle_sync", "unchanged_full")},
        **against(runs.get("against", [])),
        "runs": runs,
    }


def against(runs: list[Report]) -> Report:
    """The CPU seconds of another checkout, where one was measured."""
    phases = {"against_cpu_seconds": "first", "against_unchanged_cpu_seconds": "unchanged_full"}
    return {name: median_of([run[phase] for run in runs], "cpu_seconds") for name, phase in phases.items() if runs}


def median_of(runs: list[Report], name: str) -> float:
    return statistics.median(run[name] for run in runs)


def median_run(runs: list[Report]) -> Report:
    """The run whose seconds are the median, or next to it."""
    return sorted(runs, key=lambda run: run["seconds"])[len(runs) // 2]


def run_floor(bigin: Bigin, database_url: str | None, **more: Any) -> Report:
    """The floor over one database; over none it only reads."""
    return run([sys.executable, "-m", "benchmarks._floor"], bigin.order(database_url, **more), dict(os.environ))


def run_ours(bigin: Bigin, database_url: str, root: Path = ROOT, **more: Any) -> Report:
    # The example project's settings are what a site runs with; nothing of ours may come in from outside.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BIGIN_", "DJANGO_"))}
    environment |= {
        "DJANGO_SETTINGS_MODULE": "example.settings",
        "SECRET_KEY": "only for a benchmark",
        "DEBUG": "off",
        "LOG_LEVEL": "WARNING",
        "DATABASE_URL": database_url,
        "BIGIN_SANDBOX_URL": bigin.base_url,
        "BIGIN_MODULES": "Contacts",
        "BIGIN_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    return run([sys.executable, "-m", "benchmarks._ours"], bigin.order(database_url, **more), environment, root)


def run(command: list[str], order: str, environment: dict[str, str], root: Path = ROOT) -> Report:
    paths = [str(root), str(root / "example_project"), environment.get("PYTHONPATH") if root == ROOT else None]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    done = subprocess.run(command, input=order, stdout=subprocess.PIPE, text=True, cwd=root, env=environment)
    if done.returncode:
        raise SystemExit(f"{command[-1]} failed; what it said stands above.")
    return json.loads(done.stdout.splitlines()[-1])


# Telling


def keeps_promise(report: Report) -> bool:
    if "not_measured" in report or not report["equal"]:
        return False
    return report["records"] < PROMISED_FROM_RECORDS or report["statements_per_record"] <= STATEMENTS_PER_RECORD


def surroundings() -> Report:
    """The machine and the versions, as far as they matter to the figures."""
    with_versions = ("Django", "requests", "orjson", "psycopg", "mysqlclient")
    installed = {name: version(name) for name in with_versions if importlib.util.find_spec(IMPORTED.get(name, name))}
    memory = re.search(r"MemTotal:\s+(\d+)", text_of("/proc/meminfo"))
    return {
        "machine": {
            "cores": os.cpu_count(),
            "memory_gb": round(int(memory[1]) / 1024**2) if memory else None,
            "system": platform.platform(),
        },
        "versions": {"Python": platform.python_version(), **installed},
    }


def machine_load() -> float:
    """How many processes want a core, over the last five minutes."""
    return round(os.getloadavg()[1], 1)


IMPORTED = {"Django": "django", "mysqlclient": "MySQLdb"}


def text_of(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def as_markdown(whole: Report) -> str:
    machine, reading, (load_before, load_after) = whole["machine"], whole["reading"], whole["load"]
    versions = ", ".join(f"{name} {number}" for name, number in whole["versions"].items())
    lines = [
        f"{whole['at'][:10]}, {machine['cores']} cores, {machine['memory_gb']} GB, load {load_before} before and "
        f"{load_after} after; {versions}. {reading['records']:,} contacts of {reading['bytes_per_record']:,} bytes; "
        f"reading them and storing nothing: {reading['seconds']:.1f} s. Medians of {whole['repeats']}.",
        "",
        "| | " + " | ".join(report.get("version", report["database"]) for report in whole["databases"]) + " |",
        "|---|" + "---:|" * len(whole["databases"]),
    ]
    for label, show in ROWS.items():
        cells = ("–" if "not_measured" in report else show(report) for report in whole["databases"])
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    lines += [
        f"\n{report['database']} was not measured: {report['not_measured']}"
        for report in whole["databases"]
        if "not_measured" in report
    ]
    return "\n".join(lines)


def idle(name: str) -> Any:
    def show(report: Report) -> str:
        run = report[name]
        return (
            f"{run['seconds']:.2f} s, {counted(run['calls'], 'call')}, {counted(run['statements'], 'statement')}, "
            f"{counted(run['transactions'], 'transaction')}"
        )

    return show


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def ratios(report: Report, ours: str, floor: str) -> str:
    wall, cpu = (report[f"{ours}_{unit}"] / report[f"{floor}_{unit}"] for unit in ("seconds", "cpu_seconds"))
    return f"**{wall:.2f}** ({cpu:.2f})"


ROWS: dict[str, Any] = {
    "records": lambda report: f"{report['records']:,}",
    "seconds of ours, the floor, the second floor": lambda report: (
        f"{report['ours_seconds']:.1f}, {report['floor_seconds']:.1f}, {report['second_floor_seconds']:.1f}"
    ),
    "their CPU seconds": lambda report: (
        f"{report['ours_cpu_seconds']:.1f}, {report['floor_cpu_seconds']:.1f}, {report['second_floor_cpu_seconds']:.1f}"
    ),
    "**ours / floor** (CPU)": lambda report: ratios(report, "ours", "floor"),
    "**ours / second floor** (CPU)": lambda report: ratios(report, "ours", "second_floor"),
    "**full sync, nothing changed / floor** (CPU)": lambda report: ratios(report, "unchanged", "floor"),
    "records a second: ours, floor": lambda report: (
        f"{report['records'] / report['ours_seconds']:,.0f}, {report['records'] / report['floor_seconds']:,.0f}"
    ),
    "microseconds of CPU a record: ours, floor, nothing changed": lambda report: ", ".join(
        f"{report[f'{name}_cpu_seconds'] / report['records'] * 1e6:.1f}" for name in ("ours", "floor", "unchanged")
    ),
    "records a second of CPU, nothing changed": lambda report: (
        f"{report['records'] / report['unchanged_cpu_seconds']:,.0f}"
    ),
    "CPU seconds of the other checkout: first, nothing changed": lambda report: (
        f"{report['against_cpu_seconds']:.2f}, {report['against_unchanged_cpu_seconds']:.2f}"
        if "against_cpu_seconds" in report
        else "–"
    ),
    "credits": lambda report: f"{report['credits']:,}",
    "**SQL statements a record**": lambda report: f"**{report['statements_per_record']:.4f}**",
    "peak memory of ours, MB (after a tenth)": lambda report: (
        f"{report['ours_peak_mb']:.0f} ({report['ours_peak_mb_at_a_tenth']:.0f})"
    ),
    "peak memory of the floor, MB": lambda report: f"{report['floor_peak_mb']:.0f}",
    "again, nothing changed: a scheduled delta": idle("idle_delta"),
    "again, nothing changed: `bigin_sync`": idle("idle_sync"),
    "again, nothing changed: a full sync": idle("unchanged_full"),
    "mirror equal to the source": lambda report: "yes" if report["equal"] else "**no**",
}

if __name__ == "__main__":
    sys.exit(main())
