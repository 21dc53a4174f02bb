"""Zoho's own https:// addresses: by resolving its names to the sandbox, or by the sandbox as a proxy."""

import datetime
import http.client
import json
import socket
import ssl
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.server.command_line import main

NAMES = ["localhost", "accounts.zoho.com", "www.zohoapis.com", "accounts.zoho.eu", "www.zohoapis.eu"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A certificate for Zoho's names and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sandbox")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in NAMES]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def running(files):
    organizations = [{"data_center": "us"}, {"data_center": "eu"}]
    with Sandbox(organizations=organizations, certificate=files[0], key=files[1]) as sandbox:
        yield sandbox


@pytest.fixture
def trusting(files):
    return ssl.create_default_context(cafile=files[0])


def port_of(sandbox):
    return int(sandbox.url.rpartition(":")[2])


def resolved(sandbox, host, trusting):
    """A connection to host, which resolves to the sandbox's port."""
    connection = http.client.HTTPSConnection(host, timeout=10)
    plain = socket.create_connection(("127.0.0.1", port_of(sandbox)), 10)
    connection.sock = trusting.wrap_socket(plain, server_hostname=host)
    return connection


def through_proxy(sandbox, host, trusting):
    """A connection to host with the sandbox as its proxy."""
    connection = http.client.HTTPSConnection("127.0.0.1", port_of(sandbox), timeout=10, context=trusting)
    connection.set_tunnel(host, 443)
    return connection


def ask(connection, method, path, **more):
    connection.request(method, path, **more)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@pytest.mark.parametrize("reach", [resolved, through_proxy])
def test_a_program_that_knows_the_real_names_alone_goes_all_the_way(running, trusting, reach):
    entry = running.organizations[1]
    form = {name: entry[name] for name in ("client_id", "client_secret", "refresh_token")}
    accounts = reach(running, "accounts.zoho.eu", trusting)
    _, answer = ask(accounts, "POST", "/oauth/v2/token?" + urlencode(form | {"grant_type": "refresh_token"}))
    assert answer["api_domain"] == "https://www.zohoapis.eu"
    api = reach(running, answer["api_domain"].removeprefix("https://"), trusting)
    authorization = {"Authorization": "Zoho-oauthtoken " + answer["access_token"]}
    for _ in range(2):
        status, body = ask(api, "GET", "/bigin/v2/org", headers=authorization)

    assert (status, body["org"][0]["zgid"]) == (200, entry["org_id"])
    accounts.close()
    api.close()


def test_the_same_port_speaks_http_as_well(running, trusting):
    plain = http.client.HTTPConnection("127.0.0.1", port_of(running), timeout=10)
    secured = http.client.HTTPSConnection("localhost", port_of(running), timeout=10, context=trusting)

    places = [ask(connection, "GET", "/oauth/serverinfo")[1]["locations"]["eu"] for connection in (plain, secured)]

    assert places == [f"{running.url}/eu", f"https://localhost:{port_of(running)}/eu"]
    plain.close()
    secured.close()


def test_who_distrusts_the_certificate_harms_nobody(running, trusting, capfd):
    with pytest.raises(ssl.SSLCertVerificationError):
        resolved(running, "accounts.zoho.com", ssl.create_default_context())
    connection = resolved(running, "accounts.zoho.com", trusting)

    assert ask(connection, "GET", "/oauth/serverinfo")[0] == 200
    assert capfd.readouterr().err == ""
    connection.close()


def test_a_stopped_sandbox_ends_secured_connections_too(files, trusting):
    sandbox = Sandbox(certificate=files[0], key=files[1]).start()
    connection = resolved(sandbox, "accounts.zoho.com", trusting)
    ask(connection, "GET", "/oauth/serverinfo")
    sandbox.stop()

    with pytest.raises(OSError):
        ask(connection, "GET", "/oauth/serverinfo")
    connection.close()


def test_a_tunnel_leads_to_no_other(running):
    with socket.create_connection(("127.0.0.1", port_of(running)), 10) as raw:
        for status in (b"200", b"501"):
            raw.sendall(b"CONNECT accounts.zoho.com:443 HTTP/1.1\r\n\r\n")
            assert raw.recv(65536).startswith(b"HTTP/1.1 " + status)


def test_the_proxy_reaches_nobody_else(running):
    connection = http.client.HTTPSConnection("127.0.0.1", port_of(running), timeout=10)
    connection.set_tunnel("example.com", 443)

    with pytest.raises(OSError, match="403"):
        connection.connect()
    connection.close()


def test_without_a_certificate_https_is_refused_at_once(trusting):
    with Sandbox() as sandbox:
        with pytest.raises(ssl.SSLError):
            resolved(sandbox, "accounts.zoho.com", trusting)
        with pytest.raises(OSError, match="501"):
            through_proxy(sandbox, "accounts.zoho.com", trusting).connect()


@pytest.mark.parametrize("names", [("missing.pem", "key.pem"), ("key.pem", "key.pem"), (None, "key.pem")])
def test_a_wrong_certificate_gets_its_sentence(files, capsys, names):
    options = [
        part
        for option, name in zip(("--certificate", "--key"), names, strict=True)
        if name
        for part in (option, str(files[0].with_name(name)))
    ]

    assert main(["--port", "0", *options]) == 2
    assert capsys.readouterr().err.startswith(("sandbox: the certificate cannot be read", "sandbox: a key needs"))
