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
