"""`run --target https://…` against servers whose certificate, handshake or records are not what they should be."""

import datetime
import ipaddress
import ssl
import threading

import hostile
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hostile import Gone, Service, listening
from running import BEARER, has_failed, is_sound, replay

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
PAUSE_S = 0.2
# The header of a record of the handshake, and of one of the longest that holds something (RFC 8446 section 5.1).
HANDSHAKE = b"\x16\x03\x03\x40\x00"


def certificate(folder, address="127.0.0.1", ends=NOW + DAY):
    """A certificate that vouches for itself; returns the file of it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authbench test")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(NOW - 2 * DAY).not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(made.public_bytes(pem))
    file = folder / "server.pem"
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return file


def trust(folder):
    return ["--ca", folder / "ca.pem"]


def context(file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def over_tls(service, file):
    """Serves a service's connections over TLS; an ended connection is said to be, as RFC 8446 section 6.1 asks."""
    made = context(file)

    def serve(connection):
        with made.wrap_socket(connection, server_side=True) as wrapped:
            service.serve(wrapped)
            wrapped.unwrap()

    return serve


def met(folder, serve, flags, scheme="https"):
    with listening(serve) as (port, _):
        return replay(folder, port, BEARER, scheme=scheme, flags=flags)


@pytest.mark.parametrize("framing", [hostile.plain, hostile.chunked, hostile.old], ids=lambda framing: framing.__name__)
def test_a_sound_server_over_tls_is_measured_without_a_complaint(tmp_path, framing):
    service = Service(framing)
    is_sound(met(tmp_path, over_tls(service, certificate(tmp_path)), trust(tmp_path)))


def test_a_certificate_that_nobody_vouches_for_is_refused_unless_told_otherwise(tmp_path):
    serve = over_tls(Service(), certificate(tmp_path))
    has_failed(met(tmp_path, serve, []), "certificate")
    assert not list(tmp_path.glob("out/*"))
    is_sound(met(tmp_path, serve, ["--insecure"]))


def test_a_certificate_of_another_server_is_refused(tmp_path):
    serve = over_tls(Service(), certificate(tmp_path, address="127.0.0.2"))
    has_failed(met(tmp_path, serve, trust(tmp_path)), "certificate", "mismatch")


def test_a_certificate_that_has_expired_is_refused(tmp_path):
    serve = over_tls(Service(), certificate(tmp_path, ends=NOW - DAY))
    has_failed(met(tmp_path, serve, trust(tmp_path)), "certificate", "expired")


def test_a_server_without_tls_is_told_from_one_that_is_gone(tmp_path):
    has_failed(met(tmp_path, Service().serve, ["--insecure"]), "TLS")


def test_a_server_of_tls_that_is_asked_without_is_named_in_one_line(tmp_path):
    has_failed(met(tmp_path, over_tls(Service(), certificate(tmp_path)), [], scheme="http"))


def test_a_handshake_that_never_begins_ends_in_time(tmp_path):
    has_failed(met(tmp_path, lambda connection: connection.recv(1 << 16) and connection.recv(1), ["--insecure"]), "timed out")


def drip(connection, data):
    for index in range(len(data)):
        connection.sendall(data[index : index + 1])
        threading.Event().wait(PAUSE_S)


def test_a_handshake_that_drips_ends_in_time(tmp_path):
    has_failed(met(tmp_path, lambda connection: drip(connection, HANDSHAKE + bytes(1 << 14)), ["--insecure"]))


def test_a_record_that_drips_ends_in_time(tmp_path):
    made = context(certificate(tmp_path))

    def serve(connection):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = made.wrap_bio(incoming, outgoing, server_side=True)

        def step(act):
            """Until it is done, with what the client sends meanwhile."""
            while True:
                try:
                    done = act()
                    break
                except ssl.SSLWantReadError:
                    connection.sendall(outgoing.read())
                    incoming.write(connection.recv(1 << 16))
            return done

        step(session.do_handshake)
        connection.sendall(outgoing.read())
        step(lambda: session.read(1 << 16))
        body = b"{" + b" " * 8000 + b"}"
        session.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        drip(connection, outgoing.read())

    has_failed(met(tmp_path, serve, ["--insecure"]))


def test_an_answer_that_somebody_cut_off_is_not_taken_for_whole(tmp_path):
    # Only the server can say by TLS that a connection has ended (RFC 9112 section 9.8).
    made = context(certificate(tmp_path))
    service = Service(cut, everywhere=False)

    def serve(connection):
        with made.wrap_socket(connection, server_side=True, suppress_ragged_eofs=False) as wrapped:
            service.serve(wrapped)

    has_failed(met(tmp_path, serve, ["--insecure"]))


def cut(answer):
    """A body that ends with the connection, of which anybody could cut off a part."""
    yield answer.head() + answer.body
    raise Gone
