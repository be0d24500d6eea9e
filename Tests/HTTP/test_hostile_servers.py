"""`run --target` against servers that fail, lie or break the protocol: one clear line, counted errors, no wrong verdict.

The promises that hold for every run stand in `Outcome`.
"""

import json
import signal
import socket
import subprocess
import time

import hostile
import pytest
from hostile import Answer, Service, listening
from running import BEARER, COOKIE, PATIENCE_S, command, has_failed, is_sound, replay

EVERYWHERE = pytest.mark.parametrize("everywhere", [True, False], ids=["always", "once measured"])


def met(folder, service, contract=None, *options, **more):
    """Replays a trace on a service."""
    contract = contract or (COOKIE if service.cookie else BEARER)
    with listening(service.serve) as (port, _):
        return replay(folder, port, contract, *options, **more)


@pytest.mark.parametrize("cookie", [None, "sid"], ids=["bearer", "cookie"])
def test_a_sound_server_is_measured_without_a_complaint(tmp_path, cookie):
    outcome = met(tmp_path, Service(cookie=cookie))
    is_sound(outcome)
    assert {row["strategy"] for row in outcome.rows} == {"open-route", "target-1"}


# What goes wrong, and a part of what the user is told.
BROKEN = {
    "never answers": (hostile.nothing, "timed out"),
    "closes at once": (hostile.closed, "closed"),
    "answers garbage": (hostile.garbage, "not understood"),
    "sends a line without an end": (hostile.endless_line, "head is longer"),
    "closes within the head": (hostile.cut_in_head, "ended within"),
    "closes in mid-body": (hostile.cut_in_body, "ended within"),
    "stalls in mid-body": (hostile.stalled_in_body, ""),
    "sends 1 GB of header lines": (hostile.gigabyte_of_head, ""),
    "drips": (hostile.dripping, "in time"),
    "never ends its body": (hostile.endless_body, "body"),
    "never ends its interim answers": (hostile.endless_interim, ""),
    "never ends its chunks": (hostile.endless_chunks, "chunk"),
    "sends a chunk without a size": (hostile.wrong_chunk, "chunk"),
    "says a length and chunks": (hostile.length_and_chunks, "a length and chunks"),
    "answers twice": (hostile.twice, "more than one answer"),
    "speaks HTTP/2 only": (hostile.http2_only, ""),
    "speaks HTTP/2 only, and waits": (hostile.http2_waiting, ""),
}


@pytest.mark.parametrize("kind", BROKEN)
@EVERYWHERE
def test_a_server_that_breaks_the_protocol_is_told_in_one_line(tmp_path, kind, everywhere):
    framing, part = BROKEN[kind]
    service = Service(framing, everywhere)
    outcome = met(tmp_path, service)
    has_failed(outcome, part)
    # Who sends without end is not listened to without end.
    assert service.most_sent_bytes < 32 << 20


@pytest.mark.parametrize("options", [("--operations", "2000"), ("--rate", "5000")], ids=" ".join)
def test_silence_ends_every_kind_of_run(tmp_path, options):
    has_failed(met(tmp_path, Service(hostile.nothing, everywhere=False), None, *options), "timed out")


@pytest.mark.parametrize("framing", [hostile.nothing, hostile.garbage])
def test_a_server_that_cannot_be_asked_is_named_by_its_address(tmp_path, framing):
    with listening(Service(framing).serve) as (port, _):
        has_failed(replay(tmp_path, port), f"127.0.0.1:{port}")


@pytest.mark.parametrize("framing", [hostile.http2_only, hostile.http2_waiting])
def test_a_server_of_http_2_is_told_from_one_that_is_gone(tmp_path, framing):
    has_failed(met(tmp_path, Service(framing)), "HTTP/1")


@pytest.mark.parametrize("framing", [
    hostile.chunked, hostile.interim, hostile.old, hostile.old_kept_alive, hostile.closing_in_a_list])
@EVERYWHERE
def test_what_http_allows_is_understood(tmp_path, framing, everywhere):
    is_sound(met(tmp_path, Service(framing, everywhere)))


@EVERYWHERE
def test_a_compressed_body_is_named_as_one(tmp_path, everywhere):
    has_failed(met(tmp_path, Service(hostile.compressed, everywhere)), "Content-Encoding")


def test_a_compressed_body_is_not_asked_for(tmp_path):
    # Without the field a server may compress as it likes (RFC 9110 section 12.5.3).
    service = Service()
    is_sound(met(tmp_path, service))
    assert {request.fields.get("accept-encoding") for request in service.asked} == {"identity"}


def test_nobody_listens(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        outcome = replay(tmp_path, port)
    has_failed(outcome, f"127.0.0.1:{port}", "refused")
    assert not list(tmp_path.glob("out/*"))


def test_nobody_accepts(tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        # With these its queue is full, and the system answers nobody else.
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        has_failed(replay(tmp_path, address[1]), f"127.0.0.1:{address[1]}", "timed out")
        for one in waiting:
            one.close()


class Mortal(Service):
    """Is gone for good after some requests."""

    end = None

    def resource(self, user, secret):
        if self.is_measured:
            self.end()
        return super().resource(user, secret)


def test_a_server_that_dies_is_counted_in_errors(tmp_path):
    service = Mortal()
    with listening(service.serve) as (port, service.end):
        has_failed(replay(tmp_path, port))


def test_who_waits_for_an_answer_can_be_ended(tmp_path):
    service = Service(hostile.nothing)
    with listening(service.serve) as (port, _):
        (tmp_path / "contract.json").write_text(json.dumps(BEARER))
        run = subprocess.Popen(command(port), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        limit_s = time.monotonic() + PATIENCE_S
        while not service.asked and time.monotonic() < limit_s:
            time.sleep(0.01)
        run.send_signal(signal.SIGTERM)
        _, said = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 143 and len(said.splitlines()) == 1, said
    assert not list(tmp_path.glob("out/*"))


# Redirects


class Redirecting(Service):
    """Sends who is not signed in to the sign-in page, as many frameworks do; nobody may follow."""

    status = 302

    def elsewhere(self, fields=()):
        return Answer(self.status, (("Location", "/elsewhere"), *fields), b"")

    def refusal(self, request):
        return self.elsewhere()


class RedirectingAll(Redirecting):
    def resource(self, user, secret):
        return self.elsewhere()


class RedirectingAfterLogin(Redirecting):
    """After a sign-in a browser is sent to its page."""

    def login(self, user):
        return self.elsewhere(super().login(user).fields)


def test_a_redirect_is_a_refusal_where_the_contract_says_so(tmp_path):
    service = Redirecting()
    is_sound(met(tmp_path, service, BEARER | {"refused": [302, 401]}))
    assert service.count("/elsewhere") == 0


def test_a_redirect_that_no_contract_knows_is_an_error(tmp_path):
    service = RedirectingAll()
    has_failed(met(tmp_path, service), "302")
    assert service.count("/elsewhere") == 0


def test_a_sign_in_may_end_with_a_redirect(tmp_path):
    service = RedirectingAfterLogin(cookie="sid")
    is_sound(met(tmp_path, service, COOKIE | {"refused": [302]}))
    assert service.count("/elsewhere") == 0


def test_a_sign_in_that_only_redirects_is_told_by_its_status(tmp_path):
    has_failed(met(tmp_path, RedirectingAfterLogin(), BEARER), "302")


# Cookies that change


class Rotating(Service):
    """Gives a new cookie with every answer; the one before works no more."""

    def resource(self, user, secret):
        answer = super().resource(user, secret)
        del self.owners[secret]
        answer.fields = self.setting(self.issue(user))
        return answer


class Reissuing(Service):
    """Sets the same cookie again with every answer, as servers do that prolong sessions."""

    def resource(self, user, secret):
        answer = super().resource(user, secret)
        answer.fields = self.setting(secret)
        return answer


def test_a_cookie_that_changes_on_every_answer_is_no_wrong_decision(tmp_path):
    # A user agent replaces it (RFC 6265 section 5.3): who keeps the old one is refused, and rightly.
    outcome = met(tmp_path, Rotating(cookie="sid"))
    if outcome.status == 2:
        has_failed(outcome, "cookie")
    else:
        is_sound(outcome)


def test_a_cookie_that_is_set_again_stays_the_same(tmp_path):
    is_sound(met(tmp_path, Reissuing(cookie="sid")))


# Servers that fail now and then


class FailingLogin(Service):
    """Fails to sign in one user in a hundred."""

    def login(self, user):
        return Answer(500) if user % 100 == 37 else super().login(user)


class Known(Service):
    """Has a thousand users, as a server with a table of them has."""

    def login(self, user):
        return super().login(user) if 1 <= user <= 1000 else Answer(401)


class FailingLater(Service):
    """Fails one sign-in in a hundred and one sign-out in ten, both only while something is measured."""

    def login(self, user):
        fails = self.is_measured and self.count("/login") % 100 == 0
        return Answer(500) if fails else super().login(user)

    def logout(self, secret):
        fails = self.is_measured and self.count("/logout") % 10 == 0
        return Answer(503) if fails else super().logout(secret)


class Overloaded(Service):
    """Decides nothing for one request in fifty."""

    status = 503

    def resource(self, user, secret):
        fails = self.is_measured and self.count("/resource") % 50 == 0
        return Answer(self.status) if fails else super().resource(user, secret)


def test_a_sign_in_that_fails_for_one_user_in_a_hundred_is_told(tmp_path):
    has_failed(met(tmp_path, FailingLogin()), "500", "sign-in", "37")


def test_nobody_signs_in_who_is_not_of_the_population(tmp_path):
    # A server of somebody's has the users that were put there before.
    is_sound(met(tmp_path, Known(), BEARER | {"users": 1000}))


def test_sign_ins_and_sign_outs_that_fail_are_counted(tmp_path):
    outcome = met(tmp_path, FailingLater(), None, "--duration", "1")
    has_failed(outcome)
    assert 0 < outcome.errors < outcome.sum("operations") / 100


@pytest.mark.parametrize("status", [429, 500, 503, 599])
def test_answers_without_a_decision_are_counted(tmp_path, status):
    service = Overloaded()
    service.status = status
    outcome = met(tmp_path, service)
    has_failed(outcome, str(status))
    assert 0 < outcome.errors < outcome.sum("operations")


# Servers that decide wrongly: these are what a wrong verdict is for


class Confusing(Service):
    """Takes one user in a hundred requests for another."""

    def resource(self, user, secret):
        return super().resource(user + (self.count("/resource") % 100 == 0), secret)


class Refusing(Service):
    """Refuses one good credential in a hundred."""

    def resource(self, user, secret):
        return Answer(401) if self.count("/resource") % 100 == 0 else super().resource(user, secret)


class Forgetful(Service):
    """Signs nobody out."""

    def logout(self, secret):
        return Answer(204, body=b"")


class Careless(Service):
    """Asks no credential of those who show none."""

    def refusal(self, request):
        anonymous = "authorization" not in request.fields
        return Answer(body=b'{"user": 1}') if anonymous else super().refusal(request)


@pytest.mark.parametrize("service", [Confusing, Refusing, Forgetful, Careless])
def test_wrong_decisions_are_found_out(tmp_path, service):
    outcome = met(tmp_path, service())
    assert outcome.status == 1 and "wrong decisions" in outcome.line, outcome


def test_a_credential_that_is_missing_or_bent_is_tried_whatever_the_mix(tmp_path):
    service = Service()
    is_sound(met(tmp_path, service, workload="browse"))
    shown = [request.fields.get("authorization") for request in service.asked if request.path == "/resource"]
    assert None in shown
    assert any(line and line.removeprefix("Bearer ") not in service.owners for line in shown)


# Contracts that do not fit

MISFITS = {
    "a pointer to no credential": ({"credential": {"json": "/token"}}, "/token"),
    "a cookie that is never set": ({"credential": {"cookie": "session"}}, "session"),
    "a pointer to no user": ({"user": {"json": "/id"}}, "user"),
    "a sign-in elsewhere": ({"login": {"path": "/sign-in", "body": "{{user}}"}}, "404"),
    "a sign-in by GET": ({"login": {"path": "/login?user={{user}}"}}, "404"),
    "a sign-in by PUT": ({"login": BEARER["login"] | {"method": "PUT"}}, "405"),
    "a resource elsewhere": ({"protected": {"path": "/page"}}, "404"),
    "an open route elsewhere": ({"open": {"path": "/page"}}, "404"),
    "another status for accepted": ({"accepted": [204]}, "200"),
    "another status for refused": ({"refused": [404]}, "401"),
    "a sign-out elsewhere": ({"logout": {"path": "/sign-out", "method": "POST"}}, "404"),
}


@pytest.mark.parametrize("kind", MISFITS)
def test_a_contract_that_does_not_fit_is_told_by_what_came_instead(tmp_path, kind):
    change, part = MISFITS[kind]
    has_failed(met(tmp_path, Service(), BEARER | change), part)


@pytest.mark.parametrize("change", [
    {"present": {"cookie": "session"}},
    {"present": {"header": "X-Session"}},
    {"accepted": [401], "refused": [200]},
], ids=["another cookie", "another field", "statuses the wrong way round"])
def test_a_server_that_accepts_no_fresh_credential_is_not_measured(tmp_path, change):
    # Nobody can tell a wrong contract from a broken server here, and no decision was compared.
    outcome = met(tmp_path, Service(cookie="sid"), COOKIE | change)
    assert outcome.status in (2, 65) and not outcome.rows, outcome
    assert "contract" in outcome.line, outcome
