"""A sound server of sessions in memory, and what others do wrong in its place: no framework, so that each byte is known."""

import contextlib
import gzip
import json
import secrets
import socket
import threading
from collections import Counter
from dataclasses import dataclass

# What is measured over these routes begins within so many requests: those before only look at the server.
MEASURED = ("/resource", "/open")
FIRST = 500


class Gone(Exception):
    """Ends the connection at once."""


class Silent(Exception):
    """Sends nothing more until the client goes."""


@dataclass
class Request:
    method: str
    path: str
    fields: dict
    body: bytes


@dataclass
class Answer:
    status: int = 200
    fields: tuple = ()
    body: bytes = b"{}"

    def head(self, *lines, version="HTTP/1.1"):
        fields = [f"{name}: {value}" for name, value in self.fields]
        return "\r\n".join([f"{version} {self.status} Told", *fields, *lines, "", ""]).encode()

    @property
    def length(self):
        return f"Content-Length: {len(self.body)}"


def requests(connection):
    """What comes in over a connection, until its client goes."""
    with connection.makefile("rb") as reader:
        while line := reader.readline():
            method, path, _ = line.decode("latin-1").split(" ")
            fields = {}
            while (line := reader.readline()).strip():
                name, value = line.decode("latin-1").split(":", 1)
                fields[name.lower()] = value.strip()
            yield Request(method, path, fields, reader.read(int(fields.get("content-length", 0))))


@contextlib.contextmanager
def listening(serve):
    """Hands each connection to `serve`, on a thread of its own; yields the port and how to end everything early."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    connections = []

    def handle(connection):
        # Who speaks something else than HTTP is left.
        with connection, contextlib.suppress(OSError, ValueError):
            # What is sent in pieces would else wait for what the client's system sends back, 40 ms each time.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            serve(connection)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

    def end():
        for one in (listener, *connections):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], end
    finally:
        end()
        listener.close()


# How an answer is written: each takes it, and yields what is sent piece by piece.


def plain(answer):
    yield answer.head(answer.length) + answer.body


def nothing(answer):
    raise Silent
    yield


def closed(answer):
    raise Gone
    yield


def garbage(answer):
    yield bytes(range(256)) * 4 + b"\r\n\r\n"
    raise Gone


def endless_line(answer):
    yield b"HTTP/1.1 200 OK\r\nX: "
    while True:
        yield b"a" * 4096


def cut_in_head(answer):
    yield answer.head(answer.length)[:-4]
    raise Gone


def cut_in_body(answer):
    yield answer.head(f"Content-Length: {len(answer.body) + 10}") + answer.body
    raise Gone


def stalled_in_body(answer):
    yield answer.head(f"Content-Length: {len(answer.body) + 10}") + answer.body
    raise Silent


def gigabyte_of_head(answer):
    yield answer.head(answer.length)[:-2]
    for _ in range(1 << 17):
        yield b"X-Filler: " + b"a" * 8180 + b"\r\n"


def endless_body(answer):
    yield answer.head()
    while True:
        yield b" " * 4096


def endless_interim(answer):
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n" * 100


def interim(answer):
    yield b"HTTP/1.1 100 Continue\r\n\r\n"
    yield from plain(answer)


def chunk(data):
    return b"%x;kind=part\r\n%b\r\n" % (len(data), data)


def chunked(answer):
    """Each byte a chunk, each chunk a segment, and a trailer behind."""
    if answer.status == 204:
        yield answer.head()
        return
    yield answer.head("Transfer-Encoding: chunked")
    for index in range(len(answer.body)):
        yield chunk(answer.body[index : index + 1])
    yield b"0\r\nX-Trailer: seen\r\n\r\n"


def endless_chunks(answer):
    yield answer.head("Transfer-Encoding: chunked")
    while True:
        yield chunk(b" " * 4096)


def wrong_chunk(answer):
    yield answer.head("Transfer-Encoding: chunked") + b"zz\r\n" + answer.body + b"\r\n0\r\n\r\n"


def length_and_chunks(answer):
    yield answer.head("Transfer-Encoding: chunked", answer.length) + chunk(answer.body) + b"0\r\n\r\n"


def twice(answer):
    """A second answer that nobody asked for, which the next request must not get."""
    yield (answer.head(answer.length) + answer.body) * 2


def compressed(answer):
    body = gzip.compress(answer.body)
    yield answer.head("Content-Encoding: gzip", f"Content-Length: {len(body)}") + body


def old(answer):
    """HTTP/1.0, whose body ends with the connection."""
    yield answer.head(version="HTTP/1.0") + answer.body
    raise Gone


def old_kept_alive(answer):
    yield answer.head(answer.length, "Connection: keep-alive", version="HTTP/1.0") + answer.body


def closing_in_a_list(answer):
    """Options of a connection are a list (RFC 9110 section 7.6.1)."""
    yield answer.head(answer.length, "Connection: X-Own, Close") + answer.body
    raise Gone


# SETTINGS and GOAWAY (RFC 9113 sections 6.5 and 6.8), as a server sends them that speaks nothing else.
HTTP2 = bytes.fromhex("000006 04 00 00000000 000300000064 000008 07 00 00000000 00000000 00000001")


def http2_only(answer):
    yield HTTP2
    raise Gone


def http2_waiting(answer):
    yield HTTP2
    raise Silent


def dripping(answer):
    yield answer.head(answer.length)[:-2]
    pause = threading.Event()
    while not pause.wait(0.2):
        yield b"X-Drip: a\r\n"


class Service:
    """Signs users in and out, and says whose request it is."""

    def __init__(self, framing=plain, everywhere=True, cookie=None):
        self.framing, self.everywhere, self.cookie = framing, everywhere, cookie
        self.owners = {}
        self.lock = threading.Lock()
        self.asked = []
        self.counts = Counter()
        # The most that one answer has come to, whether or not it was taken.
        self.most_sent_bytes = 0

    def serve(self, connection):
        for request in requests(connection):
            with self.lock:
                self.asked.append(request)
                self.counts[request.path] += 1
            frame = self.framing if self.everywhere or self.is_measured and request.path in MEASURED else plain
            sent_bytes = 0
            try:
                for piece in frame(self.answer(request)):
                    connection.sendall(piece)
                    sent_bytes += len(piece)
            except Gone:
                return
            except Silent:
                connection.recv(1)
                return
            finally:
                self.most_sent_bytes = max(self.most_sent_bytes, sent_bytes)

    @property
    def is_measured(self):
        return sum(self.counts[path] for path in MEASURED) > FIRST

    def count(self, path):
        return self.counts[path]

    def answer(self, request):
        if request.path == "/login":
            return self.login(json.loads(request.body)["user"]) if request.method == "POST" else Answer(405)
        if request.path == "/open":
            return Answer()
        secret = self.secret(request)
        user = self.owners.get(secret)
        if request.path not in ("/resource", "/logout"):
            return Answer(404)
        if user is None:
            return self.refusal(request)
        return self.resource(user, secret) if request.path == "/resource" else self.logout(secret)

    def secret(self, request):
        if not self.cookie:
            return request.fields.get("authorization", "").removeprefix("Bearer ")
        pairs = [pair.partition("=") for pair in request.fields.get("cookie", "").split("; ")]
        return next((value for name, _, value in pairs if name == self.cookie), "")

    def issue(self, user):
        secret = secrets.token_urlsafe(32)
        self.owners[secret] = user
        return secret

    def setting(self, secret):
        return (("Set-Cookie", f"{self.cookie}={secret}; Path=/; HttpOnly"),)

    def login(self, user):
        secret = self.issue(user)
        if self.cookie:
            return Answer(fields=self.setting(secret))
        return Answer(body=json.dumps({"access_token": secret}).encode())

    def refusal(self, request):
        return Answer(401, (("WWW-Authenticate", "Bearer"),))

    def resource(self, user, secret):
        return Answer(body=json.dumps({"user": user}).encode())

    def logout(self, secret):
        del self.owners[secret]
        return Answer(204, body=b"")
