"""The life of `authbench serve`: how it starts, whom it waits for, and how it ends."""

import contextlib
import json
import shutil
import socket
import subprocess
import time

import pytest
from running import PATIENCE_S, PROGRAM, is_sound, replay, served
from wire import Wire, ask, text

def refused(folder, *arguments):
    run = subprocess.run([PROGRAM, "serve", *arguments], cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S)
    assert len(run.stderr.splitlines()) == 1 and not run.stdout, run
    return run.returncode, run.stderr


def test_a_port_that_is_taken_is_named_in_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, said = refused(tmp_path, "hs256-jwt", "--port", port, "--contract", "contract.json")
    assert status == 2 and port in said and "in use" in said
    assert not list(tmp_path.iterdir())


def test_a_contract_that_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "contract.json").write_text("mine")
    status, said = refused(tmp_path, "hs256-jwt", "--contract", "contract.json")
    assert status == 65 and "contract.json" in said
    assert (tmp_path / "contract.json").read_text() == "mine"


@pytest.mark.parametrize("arguments, part", [
    (["no-such-strategy"], "no-such-strategy"), (["null-baseline"], "null-baseline"), (["all"], "all"),
    (["hs256-jwt", "--contract", ""], "--contract")])
def test_what_cannot_be_served_is_refused(tmp_path, arguments, part):
    status, said = refused(tmp_path, *arguments)
    assert status == 64 and part in said


@pytest.mark.parametrize("strategy", ["sqlite-session", "redis-session", "hs256-jwt"])
def test_it_ends_when_it_is_told_to_whoever_is_connected(tmp_path, strategy):
    with served(tmp_path, strategy) as service, Wire(service.port) as idle, Wire(service.port) as half:
        assert idle.send(text("/open")).reply().status == 200
        half.send("GET /open HTTP/1.1\r\nHo")
        began_s = time.monotonic()
        status, said = service.end()
        assert status == 143 and "stopped by a signal" in said and len(said.splitlines()) == 1, said
        assert time.monotonic() - began_s < 5
        assert idle.is_closed() and half.is_closed()
        with pytest.raises(ConnectionRefusedError):
            Wire(service.port)


def test_a_server_that_has_ended_can_be_started_again_at_once(tmp_path):
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    with served(tmp_path / "first", "hs256-jwt") as service, Wire(service.port) as wire:
        assert wire.send(text("/open")).reply().status == 200
        service.end()
        with served(tmp_path / "second", "hs256-jwt", "--port", str(service.port)) as again:
            assert ask(again.port, "/open").status == 200


def test_slow_clients_hold_up_nobody(tmp_path):
    # HTTPPatienceTests has when they are given up.
    halves = [
        "", "GET /open HTTP/1.1\r\nHost: 127.0.0.1\r\n", text("/login", "Content-Length: 11", method="POST") + '{"us']
    with served(tmp_path, "hs256-jwt") as service, contextlib.ExitStack() as kept:
        wires = [kept.enter_context(Wire(service.port)).send(half) for half in halves * 30]
        for _ in range(100):
            assert ask(service.port, "/open").status == 200
        # Slow is not wrong.
        assert wires[1].send("\r\n").reply().status == 200
        assert wires[2].send('er": 7').send("}").reply().status == 200


def test_a_thousand_connections_are_held_at_once(tmp_path):
    with served(tmp_path, "hs256-jwt") as service:
        run = replay(
            tmp_path, service.port, service.contract,
            "--clients", "1000", "--population", "16000", "--duration", "1", workload="browse")
        is_sound(run)
        # Each client has asked, so none waits for a thread.
        assert all(int(row["operations"]) >= 1000 and row["clients"] == "1000" for row in run.rows), run


def test_a_store_that_is_away_is_told_apart_from_a_bad_credential(tmp_path):
    program = shutil.which("redis-server")
    assert program, "no redis-server: .ci/install-packages installs it"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = subprocess.Popen([program, "--port", str(port), "--save", "", "--appendonly", "no", "--dir", tmp_path],
                             stdout=subprocess.DEVNULL)
    try:
        limit_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit_s:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
        with served(tmp_path, "redis-session", "--redis", f"redis://127.0.0.1:{port}") as service:
            reply = ask(service.port, "/login", method="POST", body=json.dumps({"user": 7}))
            line = "Cookie: " + reply.field("set-cookie").split(";")[0]
            assert ask(service.port, "/resource", line).status == 200
            with Wire(service.port) as kept:
                assert kept.send(text("/resource", line)).reply().status == 200
                store.kill()
                store.wait()
                assert kept.send(text("/resource", line)).reply().status == 503
                assert kept.send(text("/open")).reply().status == 200
            # A connection that begins while it is away.
            for target, status in [("/resource", 503), ("/health", 200), ("/open", 200)]:
                assert ask(service.port, target, line).status == status
            assert ask(service.port, "/login", method="POST", body='{"user": 7}').status == 503
    finally:
        store.kill()
        store.wait()
