"""`manage.py bigin_sandbox`: the same program by its Django name."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from django.core.management import call_command

from django_bigin.sandbox.server import command_line


def test_the_command_is_the_program(tmp_path):
    start_file = tmp_path / "start.json"
    command = [sys.executable, "-m", "django", "bigin_sandbox", "--settings", "tests.settings", "--port", "0"]
    command += ["--organizations", "us,eu,ca", "--records", "Contacts=2", "--start-file", str(start_file)]
    command += ["--redirect-uri", "http://localhost:8000/bigin/callback/"]
    path = os.pathsep.join(path for path in sys.path if path)
    program = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    try:
        deadline = time.monotonic() + 30
        while not start_file.exists() and time.monotonic() < deadline and program.poll() is None:
            time.sleep(0.05)
        document = json.loads(start_file.read_text())
    finally:
        program.send_signal(signal.SIGTERM)
        output, errors = program.communicate(timeout=10)

    assert list(document["client"]["secrets"]) == ["us", "eu", "ca"]
    assert document["client"]["redirect_uri"] == "http://localhost:8000/bigin/callback/"
    assert [user["data_center"] for user in document["users"]] == ["us", "eu", "ca"]
    assert (program.returncode, errors) == (0, "")
    assert not set(document["client"]["secrets"].values()) & set(output.split())


def test_it_ends_as_the_program_does(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SystemExit) as caught:
        call_command("bigin_sandbox", "--port", str(taken.getsockname()[1]))

    assert caught.value.code == 2
    assert "is in use" in capsys.readouterr().err


def test_its_help_names_it(capsys):
    with pytest.raises(SystemExit):
        call_command("bigin_sandbox", "--help")

    assert "manage.py bigin_sandbox --organizations us,eu" in capsys.readouterr().out


def test_it_can_be_stopped_as_soon_as_its_start_file_is_there(tmp_path, monkeypatch, capsys):
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop_at_once(path, text):
        assert signal.getsignal(signal.SIGTERM) != handlers[signal.SIGTERM], "it would be killed"
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(command_line, "write_private", stop_at_once)
    try:
        assert command_line.main(["--port", "0", "--start-file", str(tmp_path / "start.json")]) == 0
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)

    assert "sandbox: stopped" in capsys.readouterr().out
