"""HTTP/1.1 byte by byte, as no library would send it."""

import contextlib
import socket
from dataclasses import dataclass

PATIENCE_S = 10


@dataclass(frozen=True)
class Reply:
    status: int
    fields: list
    body: bytes

    def all(self, name):
        return [value for one, value in self.fields if one == name]

    def field(self, name):
        """The value of a field that stands once, or nothing."""
        values = self.all(name)
        assert len(values) <= 1, self
        return values[0] if values else None


class Wire:
    """One connection."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self.reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.reader.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())
        return self

    def reply(self, method="GET"):
        """The next answer; nothing once the server has closed the connection."""
        line = self.reader.readline()
        if not line:
            return None
        version, status, _ = line.decode().split(" ", 2)
        assert version == "HTTP/1.1", line
        fields = []
        while (line := self.reader.readline()) != b"\r\n":
            name, value = line.decode().rstrip("\r\n").split(":", 1)
            fields.append((name.lower(), value.strip()))
        reply = Reply(int(status), fields, b"")
        if method == "HEAD" or reply.status in (100, 204, 304):
            return reply
        return Reply(reply.status, fields, self.reader.read(int(reply.field("content-length"))))

    def is_closed(self, within_s=PATIENCE_S):
        """Whether the server ends the connection and says nothing before."""
        self.socket.settimeout(within_s)
        with contextlib.suppress(TimeoutError):
            try:
                return self.reader.read(1) == b""
            except ConnectionResetError:
                return True
        return False


def text(target, *lines, method="GET", body=None, version="HTTP/1.1"):
    """A request; the lines are whole fields."""
    if body is not None:
        lines = (*lines, f"Content-Length: {len(body)}")
    return "\r\n".join([f"{method} {target} {version}", "Host: 127.0.0.1", *lines, "", body or ""])


def ask(port, target, *lines, method="GET", **more):
    """One request on a connection of its own."""
    with Wire(port) as wire:
        return wire.send(text(target, *lines, method=method, **more)).reply(method)
