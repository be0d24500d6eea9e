"""`authbench serve` against requests that are odd, doubtful or hostile (RFC 6265, 6750, 9110 and 9112)."""

import contextlib
import json
import re

import pytest
from running import served
from wire import Wire, ask, text

LONGEST_HEAD_BYTES = 16_384
LONGEST_BODY_BYTES = 1 << 20


class Client:
    """Knows how the strategy's credentials travel."""

    def __init__(self, service):
        self.port = service.port
        present = service.contract["present"]
        self.is_bearer = present == "bearer"
        self.name = None if self.is_bearer else present["cookie"]
        self.field = "Authorization" if self.is_bearer else "Cookie"

    def sign_in(self, user):
        return ask(self.port, "/login", method="POST", body=f'{{"user": {user}}}')

    def secret(self, user):
        reply = self.sign_in(user)
        if self.is_bearer:
            return json.loads(reply.body)["access_token"]
        return reply.field("set-cookie").split(";")[0].partition("=")[2]

    def shown(self, secret, field=None):
        """The line of a request that shows a secret."""
        return f"{field or self.field}: {'Bearer ' if self.is_bearer else f'{self.name}='}{secret}"

    def use(self, *lines, target="/resource"):
        return ask(self.port, target, *lines)

    def is_refused(self, *lines):
        return self.use(*lines).status in (400, 401)


def client_of(strategy, folders):
    with served(folders.mktemp("served"), strategy) as service:
        yield Client(service)


@pytest.fixture(scope="module")
def cookies(tmp_path_factory):
    yield from client_of("sqlite-session", tmp_path_factory)


@pytest.fixture(scope="module")
def bearer(tmp_path_factory):
    yield from client_of("hs256-jwt", tmp_path_factory)


@pytest.fixture(params=["cookies", "bearer"])
def client(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def line(client):
    """A good credential of user 7."""
    return client.shown(client.secret(7))


def is_user(reply, user):
    return reply.status == 200 and json.loads(reply.body) == {"user": user}


# How a credential is shown


def test_a_good_credential_is_accepted_as_its_users(client, line):
    assert is_user(client.use(line), 7)
    assert client.is_refused(client.shown("x" * 43))
    assert client.is_refused()


def test_two_credentials_in_one_request_are_refused(client, line):
    other, bad = client.shown(client.secret(8)), client.shown("x" * 43)
    for lines in [(line, other), (other, line), (line, line), (line, bad), (bad, line), (bad, bad)]:
        assert client.is_refused(*lines), lines


def test_two_cookies_in_one_line_are_refused(cookies):
    pairs = [f"{cookies.name}={cookies.secret(user)}" for user in (7, 8)]
    for pair in [pairs, pairs[::-1], [pairs[0], pairs[0]], [pairs[0], f"{cookies.name}=x"]]:
        assert cookies.is_refused("Cookie: " + "; ".join(pair)), pair


def test_two_tokens_in_one_line_are_refused(bearer):
    one, other = bearer.secret(7), bearer.secret(8)
    assert bearer.is_refused(f"Authorization: Bearer {one}, Bearer {other}")
    assert bearer.is_refused(f"Authorization: Bearer {one} {other}")


def test_a_credential_of_another_kind_never_counts(client, line):
    secret = client.secret(8)
    other = f"Cookie: __Host-session={secret}" if client.is_bearer else f"Authorization: Bearer {secret}"
    assert client.is_refused(other)
    assert client.is_refused(client.shown("x" * 43), other)
    # Browsers send their cookies, and proxies their Authorization, along with anything.
    for lines in [(line, other), (other, line)]:
        reply = client.use(*lines)
        assert is_user(reply, 7) or reply.status in (400, 401), reply


def test_a_token_counts_nowhere_but_in_its_field(bearer):
    token = bearer.secret(7)
    assert bearer.use(target=f"/resource?access_token={token}").status in (400, 401, 404)
    for other in ("Proxy-Authorization", "X-Authorization"):
        assert bearer.is_refused(bearer.shown(token, other))


def test_two_credentials_sign_nobody_out(cookies):
    lines = [cookies.shown(cookies.secret(user)) for user in (7, 8)]
    assert ask(cookies.port, "/logout", *lines, method="POST").status in (400, 401)
    assert [is_user(cookies.use(line), user) for line, user in zip(lines, (7, 8), strict=True)] == [True, True]


@pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase])
def test_the_case_of_a_fields_name_does_not_matter(client, change):
    assert is_user(client.use(client.shown(client.secret(7), change(client.field))), 7)


@pytest.mark.parametrize("scheme", ["bearer ", "BEARER ", "bEaReR ", "Bearer   "])
def test_the_case_of_the_scheme_and_further_spaces_do_not_matter(bearer, scheme):
    # RFC 9110 sections 11.1 and 11.4.
    assert is_user(bearer.use(f"Authorization: {scheme}{bearer.secret(7)}"), 7)


@pytest.mark.parametrize("scheme", ["", "Bearer", "Bearer\t", "Basic ", "Token ", "Bearer: ", "Bearer, "])
def test_another_scheme_is_refused(bearer, scheme):
    assert bearer.is_refused(f"Authorization: {scheme}{bearer.secret(7)}")


@pytest.mark.parametrize("places", ["{}; a=b", "a=b; {}", "a=b; {}; c=d", "a=; {}; =; c"])
def test_a_cookie_is_found_among_others(cookies, places):
    assert is_user(cookies.use("Cookie: " + places.format(f"{cookies.name}={cookies.secret(7)}")), 7)


@pytest.mark.parametrize("name", ["__host-session", "__HOST-SESSION", "session", "x__Host-session", "__Host-session2"])
def test_the_name_of_a_cookie_is_exact(cookies, name):
    assert cookies.is_refused(f"Cookie: {name}={cookies.secret(7)}")


def test_white_space_around_a_value_does_not_matter(client, line):
    assert is_user(client.use(line.replace(": ", ":   ") + " \t "), 7)
    assert is_user(client.use(line.replace(": ", ":")), 7)


# What is handed out


def test_a_cookie_is_set_for_this_host_alone_and_hidden_from_scripts(cookies):
    pair, *attributes = cookies.sign_in(7).field("set-cookie").split("; ")
    assert re.fullmatch(r"__Host-session=[A-Za-z0-9_-]{43}", pair)
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]


def test_the_cookie_that_ends_another_has_the_same_attributes(cookies):
    # A browser takes no cookie of the prefix without them.
    reply = ask(cookies.port, "/logout", cookies.shown(cookies.secret(7)), method="POST")
    pair, *attributes = reply.field("set-cookie").split("; ")
    assert (reply.status, pair) == (204, "__Host-session=")
    assert sorted(attributes) == ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax", "Secure"]


def test_no_cookie_works_after_its_logout(cookies):
    line = cookies.shown(cookies.secret(7))
    ask(cookies.port, "/logout", line, method="POST")
    assert cookies.use(line).status == 401


def test_nothing_of_a_credential_is_kept_on_the_way(client, line):
    for reply in (client.sign_in(7), client.use(line), client.use(client.shown("x")), client.use()):
        assert reply.field("cache-control") == "no-store"


def test_a_challenge_names_an_error_only_for_a_credential(bearer):
    # RFC 6750 section 3.1.
    none, bad = bearer.use(), bearer.use(bearer.shown("x.y.z"))
    assert none.status == bad.status == 401
    assert none.field("www-authenticate").startswith("Bearer ") and "error" not in none.field("www-authenticate")
    assert 'error="invalid_token"' in bad.field("www-authenticate")


def test_a_challenge_for_a_cookie_asks_for_no_bearer_token(cookies):
    # A challenge is one that the resource takes (RFC 9110 section 15.5.2).
    for reply in (cookies.use(), cookies.use(cookies.shown("x"))):
        assert reply.status == 401 and not reply.field("www-authenticate").lower().startswith("bearer")


@pytest.mark.parametrize("body", ["", "{", "[]", '{"user": -1}', '{"user": 7.5}', '{"name": 7}',
                                  '{"user": 99999999999999999999}', '{"user": 7} {"user": 8}', '{"user": 7, "user": 8}'])
def test_a_sign_in_that_is_not_understood_signs_nobody_in(client, body):
    reply = ask(client.port, "/login", method="POST", body=body)
    assert reply.status == 400 and not reply.all("set-cookie"), reply


def test_old_and_flawed_credentials_are_issued_to_nobody_who_did_not_ask_for_probes(client):
    for path in ("/login", "/probe"):
        reply = ask(client.port, path, method="POST", body='{"user": 7, "age_ms": 1, "flaw": "unknown"}')
        assert reply.status in (400, 404)


# Methods and targets


def test_an_unknown_route_is_none(client):
    for target in ("/resource/", "/resources", "//resource", "/../resource", "/Resource"):
        assert client.use(target=target).status == 404
    assert client.use(target="/health").status == 200


@pytest.mark.parametrize("method, target, allowed", [
    ("POST", "/resource", "GET"), ("DELETE", "/resource", "GET"), ("GET", "/login", "POST"), ("GET", "/logout", "POST"),
    ("PUT", "/open", "GET")])
def test_another_method_is_refused_and_the_right_one_named(client, line, method, target, allowed):
    # RFC 9110 section 15.5.6.
    reply = ask(client.port, target, line, method=method, body="" if method != "GET" else None)
    assert reply.status == 405 and allowed in reply.field("allow").split(", "), reply


@pytest.mark.parametrize("method", ["BREW", "get", "G@T"])
def test_a_method_that_nobody_knows_is_refused(client, line, method):
    assert ask(client.port, "/resource", line, method=method).status in (400, 405, 501)


@pytest.mark.parametrize("target", ["/open", "/resource", "/nowhere"])
def test_the_answer_to_head_has_no_body(client, line, target):
    # Every server has HEAD (RFC 9110 sections 9.1 and 9.3.2), and its answer is that of GET without the body.
    whole = client.use(line, target=target)
    with Wire(client.port) as wire:
        wire.send(text(target, line, method="HEAD") + text("/open"))
        head = wire.reply("HEAD")
        assert (head.status, head.field("content-type")) == (whole.status, whole.field("content-type"))
        assert wire.reply().body == b'{"status":"ok"}'


def test_an_answer_without_content_says_no_length(client, line):
    # RFC 9110 section 8.6.
    reply = ask(client.port, "/logout", line, method="POST", body="")
    assert reply.status == 204 and not reply.all("content-length") and not reply.all("transfer-encoding")


def test_a_target_in_absolute_form_is_the_same(client, line):
    # Every server takes it (RFC 9112 section 3.2.2).
    assert is_user(client.use(line, target=f"http://127.0.0.1:{client.port}/resource"), 7)


def test_options_of_the_whole_server_are_no_harm(client):
    assert ask(client.port, "*", method="OPTIONS").status in (200, 204, 400, 404, 405, 501)


# Connections


def test_pipelined_requests_are_answered_in_order(client, line):
    login = text("/login", method="POST", body='{"user": 8}')
    with Wire(client.port) as wire:
        wire.send(text("/open") + text("/resource", line) + login + text("/resource") + text("/nowhere") + text("/open"))
        assert [wire.reply().status for _ in range(6)] == [200, 200, 200, 401, 404, 200]


def test_a_request_may_come_byte_by_byte(client, line):
    with Wire(client.port) as wire:
        for byte in text("/resource", line) + text("/login", method="POST", body='{"user": 8}'):
            wire.send(byte)
        assert is_user(wire.reply(), 7)
        assert wire.reply().status == 200


@pytest.mark.parametrize("value", ["close", "Close", "keep-alive, close", "X-Own,close"])
def test_a_connection_is_closed_when_its_client_asks(client, value):
    # It is a list of options in any case (RFC 9110 section 7.6.1).
    with Wire(client.port) as wire:
        reply = wire.send(text("/open", f"Connection: {value}")).reply()
        assert (reply.status, reply.field("connection")) == (200, "close")
        assert wire.is_closed(2)


def test_a_client_that_waits_for_100_is_told_to_go_on_or_refused(client):
    # RFC 9110 section 10.1.1.
    with Wire(client.port) as wire:
        wire.socket.settimeout(3)
        body = '{"user": 7}'
        head = text("/login", "Expect: 100-continue", f"Content-Length: {len(body)}", method="POST")
        reply = wire.send(head).reply()
        if reply.status == 100:
            assert wire.send(body).reply().status == 200
        else:
            assert reply.status in (401, 417) and wire.is_closed()


def test_hosts_are_neither_missing_nor_several(client):
    # RFC 9112 section 3.2.
    for request in ("GET /open HTTP/1.1\r\n\r\n", text("/open", "Host: other")):
        with Wire(client.port) as wire:
            assert wire.send(request).reply().status == 400
            assert wire.is_closed()


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "http/1.1", "HTTP/1.1 ", "HTTP/11", ""])
def test_another_version_is_refused(client, version):
    with Wire(client.port) as wire:
        assert wire.send(text("/open", version=version)).reply().status in (400, 505)
        assert wire.is_closed()


def test_a_request_of_http_1_0_is_answered_or_refused_and_the_connection_closed(client):
    with Wire(client.port) as wire:
        assert wire.send(text("/open", version="HTTP/1.0")).reply().status in (200, 400, 505)
        assert wire.is_closed()


def test_a_client_of_http_2_is_refused(client):
    with Wire(client.port) as wire:
        assert wire.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").reply().status in (400, 505)
        assert wire.is_closed()


# Sizes

LONG = {
    "a field": [f"X-Long: {'a' * (LONGEST_HEAD_BYTES + 100)}"],
    "a megabyte": [f"X-Long: {'a' * (1 << 20)}"],
    "many fields": [f"X-{number}: a" for number in range(5000)],
    "a field name": [f"X-{'a' * LONGEST_HEAD_BYTES}: a"],
}


def is_refused_and_closed(client, request, statuses):
    """Refused in words that arrive, although more may be under way than is read; then nobody is answered there any more."""
    with Wire(client.port) as wire:
        # Who is cut off while sending looks for an answer all the same.
        with contextlib.suppress(ConnectionError):
            wire.send(request)
        reply = wire.reply()
        assert reply.status in statuses and reply.field("connection") == "close", reply
        assert wire.is_closed()
    assert client.use(target="/health").status == 200


@pytest.mark.parametrize("kind", LONG)
def test_a_head_that_is_too_long_is_refused(client, kind):
    is_refused_and_closed(client, text("/open", *LONG[kind]), (400, 413, 431))


def test_a_target_that_is_too_long_is_refused(client):
    is_refused_and_closed(client, text("/" + "a" * (LONGEST_HEAD_BYTES + 100)), (400, 414, 431))


@pytest.mark.parametrize("length", [LONGEST_BODY_BYTES + 1, 1 << 31, 1 << 63, 10**30])
def test_a_body_that_is_too_long_is_refused_before_it_comes(client, length):
    is_refused_and_closed(client, text("/login", f"Content-Length: {length}", method="POST"), (400, 413))


def test_who_sends_a_body_that_is_too_long_learns_why(client):
    # The end of the connection must not overtake the answer (RFC 9112 section 9.6).
    body = "a" * (2 * LONGEST_BODY_BYTES)
    for _ in range(5):
        is_refused_and_closed(client, text("/login", method="POST", body=body), (400, 413))


# Smuggling: whatever two servers could read differently is refused, and what stands behind it is answered by nobody

CHUNKS = "0\r\n\r\n"
SMUGGLED = {
    "two lengths": "Content-Length: 0\r\nContent-Length: 5",
    "the same length twice": "Content-Length: 5\r\nContent-Length: 5",
    "lengths in a list": "Content-Length: 5, 5",
    "a length with a plus sign": "Content-Length: +5",
    "a length with a minus sign": "Content-Length: -5",
    "a length in hexadecimal": "Content-Length: 0x5",
    "a length with a space in it": "Content-Length: 0 5",
    "no length": "Content-Length:",
    "a length with a decimal point": "Content-Length: 5.0",
    "a length and chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "chunks and a length": "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "chunks twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "chunks that are not the last coding": "Transfer-Encoding: chunked, identity",
    "another coding": "Transfer-Encoding: xchunked",
    "no coding": "Transfer-Encoding:\r\nContent-Length: 5",
    "chunks behind a vertical tab": "Transfer-Encoding: \x0bchunked\r\nContent-Length: 5",
    "a space before the colon": "Content-Length : 5",
    "a tab before the colon": "Transfer-Encoding\t: chunked",
    "a folded line": "X-Own: a\r\n Content-Length: 5",
    "a folded first line": " X-Own: a\r\nContent-Length: 5",
    "a line feed alone": "X-Own: a\nContent-Length: 5",
    "a carriage return alone": "X-Own: a\rContent-Length: 5",
    "a line feed before the end": "X-Own: a\r\n\nContent-Length: 5",
    "a zero byte": "X-Own: a\x00b",
    "a zero byte in a name": "Content\x00-Length: 5",
    "a control character": "X-Own: a\x1bb",
    "no colon": "Content-Length 5",
    "no name": ": 5",
    "a name in quotes": '"Content-Length": 5',
    "a name beyond ASCII": "Contént-Length: 5",
}


def is_answered_once(client, request, statuses):
    with Wire(client.port) as wire:
        reply = wire.send(request + text("/open") + text("/open")).reply()
        assert reply.status in statuses, reply
        assert wire.is_closed(), "what stands behind the request was answered"


@pytest.mark.parametrize("kind", SMUGGLED)
def test_a_field_that_could_smuggle_a_request_is_refused(client, line, kind):
    is_answered_once(client, text("/resource", line, SMUGGLED[kind]) + CHUNKS, (400, 501))


@pytest.mark.parametrize("method, target", [("GET", "/resource"), ("POST", "/login")])
def test_a_request_in_chunks_is_refused(client, line, method, target):
    chunks = "b\r\n" + '{"user": 7}' + "\r\n0\r\n\r\n"
    is_answered_once(client, text(target, line, "Transfer-Encoding: chunked", method=method) + chunks, (400, 411, 501))


@pytest.mark.parametrize("first", [
    "GET  /open HTTP/1.1", "GET\t/open HTTP/1.1", "GET /open\tHTTP/1.1", " GET /open HTTP/1.1", "GET /open", "GET", "\x00",
    "GET /op\x00en HTTP/1.1", "GET /op\ren HTTP/1.1", "GET /open HTTP/1.1 HTTP/1.1", "GET open HTTP/1.1", "GET  HTTP/1.1",
    "G\tT /open HTTP/1.1", "GET /open HTTP/1.1\n"])
def test_a_first_line_that_could_smuggle_a_request_is_refused(client, first):
    is_answered_once(client, f"{first}\r\nHost: 127.0.0.1\r\n\r\n", (400, 501, 505))


def test_a_body_where_none_is_due_is_no_request(client, line):
    # It belongs to the request before it, whatever that request is.
    inner = text("/login", method="POST", body='{"user": 8}')
    with Wire(client.port) as wire:
        wire.send(text("/resource", line, body=inner) + text("/open"))
        assert is_user(wire.reply(), 7)
        assert wire.reply().body == b'{"status":"ok"}'
