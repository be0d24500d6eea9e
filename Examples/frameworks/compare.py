#!/usr/bin/env python3
"""Measures servers that others wrote, each as its own documentation has it, in one run of authbench in turns.

`make frameworks` prepares what they need and calls this. Every server listens on a free port of 127.0.0.1 and is ended by
the process that was started, whatever happens. Status: 0, or 3 where another process disturbed rows; 1 for wrong decisions
that nobody expects; 2 for a server that does not come up; 64 for a wrong command line.
"""

import argparse
import base64
import csv
import ctypes
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HUMMINGBIRD = ROOT / ".build-hummingbird/release/hummingbird-sessions"
HUMMINGBIRD_PACKAGE = ROOT / "Examples/HummingbirdSessions/Package.swift"
# Debian keeps it where only root's PATH leads.
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
# As many threads as authbench has clients, and more: a connection that is kept alive never waits for another.
THREADS = 8
PATIENCE_S = 30
KEPT = ["summary.csv", "latency.csv", "throughput.csv", "size.csv", "servers.csv", "run.json"]
# How a line begins that says why a program ends.
REASON = re.compile(r"[\w.]*(Error|Exception|Configured): |nginx: |authbench: ")
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Fault(Exception):
    """What went wrong, in one line."""


class Processes:
    """What was started here, each with a file of what it says; all of it ends with the block."""

    def __init__(self, folder: Path):
        self.folder, self.started = folder, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _, process in reversed(self.started):
            end(process)

    def start(self, name: str, command: list, told: str = "", **environment: str) -> subprocess.Popen:
        """Starts a program in a group of its own, so that a Ctrl-C at the terminal leaves its end to us."""
        try:
            with self.log(name).open("wb") as log:
                process = subprocess.Popen(
                    [str(word) for word in command], stdin=subprocess.PIPE, stdout=log, stderr=log, env=os.environ | environment,
                    start_new_session=True, preexec_fn=ends_with_us)
        except OSError as error:
            raise Fault(f"{name} cannot be started: {error.strerror}: {command[0]}") from None
        self.started.append((name, process))
        try:
            process.stdin.write(told.encode())
            process.stdin.close()
        except BrokenPipeError:
            pass  # It has ended already, which whoever waits for it will see.
        return process

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def wait(self, name: str, is_up: Callable[[], bool]) -> None:
        """Waits until it is up; says its last words where it does not come up."""
        process = next(process for own, process in self.started if own == name)
        until = time.monotonic() + PATIENCE_S
        while not is_up():
            if process.poll() is not None:
                raise Fault(f"{name} did not come up: {self.last_words(name) or f'it ended with {process.returncode}'}")
            if time.monotonic() > until:
                raise Fault(f"{name} did not come up within {PATIENCE_S} s: {self.last_words(name) or 'it says nothing'}")
            time.sleep(0.05)

    def last_words(self, name: str) -> str:
        lines = [line.strip() for line in self.log(name).read_text(errors="replace").splitlines()]
        # A server's manager says last that a worker has ended; why, the worker has said before it.
        told = [line for line in lines if REASON.match(line)] or [line for line in lines if line]
        return told[-1] if told else ""


def ends_with_us():
    """A child of ours is told to end when we are gone, even where we were killed; Ctrl-C is not ignored by it."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def end(process: subprocess.Popen) -> None:
    """Ends it and waits; what does not listen is killed with all that it started."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def answers(port: int, path: str = "/open") -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@dataclass
class Bench:
    """What servers are started with."""

    authbench: Path
    # For what goes when the run ends, and for what stays beside its results.
    scratch: Path
    out: Path
    processes: Processes
    redis_port: int = 0


@dataclass(frozen=True)
class Target:
    """A row of the comparison: a server, or one of its ports, as a contract asks it."""

    name: str
    contract: str
    keeps: str
    # Why it decides wrongly by its contract, where that is known and shown on purpose.
    wrong: str = ""


@dataclass(frozen=True)
class Server:
    """How a server is started, which rows it has, and which packages are named with their versions."""

    start: Callable[[Bench, str], list[int]]
    targets: list[Target]
    versions: list[str]
    needs_redis: bool = False

    @property
    def name(self) -> str:
        return self.targets[0].name


# The servers.

def gunicorn(folder: str, **environment: str) -> Callable[[Bench, str], list[int]]:
    """One process with threads, which alone keep connections alive in gunicorn."""
    def start(bench: Bench, name: str) -> list[int]:
        port, own = free_port(), bench.scratch / name
        own.mkdir()
        values = {key: value.format(redis=bench.redis_port) for key, value in environment.items()}
        bench.processes.start(
            name, [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", 1, "--threads", THREADS,
                   "--keep-alive", 75, "--worker-tmp-dir", own, "--no-control-socket", "--chdir", HERE / folder, "app"],
            FOLDER=str(own), PYTHONDONTWRITEBYTECODE="1", **values)
        return [port]
    return start


def uvicorn(bench: Bench, name: str) -> list[int]:
    port = free_port()
    bench.processes.start(
        name, [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", port, "--no-access-log",
               "--log-level", "warning", "--timeout-keep-alive", 75, "--app-dir", HERE / "fastapi", "app:application"],
        PYTHONDONTWRITEBYTECODE="1")
    return [port]


def hummingbird(bench: Bench, name: str) -> list[int]:
    port = free_port()
    bench.processes.start(name, [HUMMINGBIRD, port])
    return [port]


def serve(strategy: str) -> Callable[[Bench, str], list[int]]:
    """A strategy of authbench itself, which writes its contract."""
    def start(bench: Bench, name: str) -> list[int]:
        port = free_port()
        bench.processes.start(name, [bench.authbench, "serve", strategy, "--probes", "--port", port,
                                     "--contract", bench.out / f"{name}.json"])
        return [port]
    return start


def nginx(bench: Bench, name: str) -> list[int]:
    """nginx with an authorization server of authbench behind it, which keeps sessions in SQLite."""
    own, secret = bench.scratch / name, secrets.token_hex(32)
    own.mkdir()
    authority = f"{name}-authority"
    (own / "authority").mkdir()
    bench.processes.start(authority, [bench.authbench, "serve-authority", own / "authority", 0], told=f"nginx {secret} - -\n")
    bench.processes.wait(authority, lambda: bool(bench.processes.log(authority).read_text().strip()))
    authority_port = int(bench.processes.log(authority).read_text())
    basic = base64.b64encode(f"nginx:{secret}".encode()).decode()
    prepare_realm(authority_port, basic)
    ports = [free_port(), free_port()]
    text = (HERE / "nginx/nginx.conf").read_text()
    # What root starts serves as nobody, who may not enter the folder.
    values = {"USER": "user root;" if os.geteuid() == 0 else "", "FOLDER": own, "HERE": HERE / "nginx",
              "AUTHORITY": authority_port, "BASIC": basic, "PORT": ports[0], "CACHED_PORT": ports[1]}
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    with os.fdopen(os.open(own / "nginx.conf", os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
    bench.processes.start(name, [NGINX,
                                 "-e", "stderr", "-p", own, "-c", own / "nginx.conf"])
    return ports


def prepare_realm(port: int, basic: str) -> None:
    """Tells the authority how sessions are kept: those of authbench's own `introspection`."""
    settings = ("store=sqlite&scope=read&client_id=nginx&idle_ms=1800000&absolute_ms=43200000&touch_ms=60000&sweep_interval_ms=0"
                "&sqlite_synchronous=normal&sqlite_mmap_bytes=0&sqlite_log_limit_bytes=67108864")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/nginx/prepare", settings, {
        "Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise Fault(f"the authority does not take its settings: {answer.status} {answer.read().decode()}")
    connection.close()


SERVERS = [
    Server(serve("hs256-jwt"), [Target("serve-hs256-jwt", "", "nothing: an HS256 JWT")], ["authbench"]),
    Server(serve("redis-session"), [Target("serve-redis-session", "", "a session in Redis")], ["authbench", "redis"]),
    Server(gunicorn("django-sessions"), [Target("django-database", "django-sessions", "a session in SQLite")],
           ["Django", "gunicorn"]),
    Server(gunicorn("django-sessions", REDIS_URL="redis://127.0.0.1:{redis}"),
           [Target("django-redis", "django-sessions", "a session in Redis")], ["Django", "gunicorn", "redis"], needs_redis=True),
    Server(gunicorn("django-simplejwt"), [Target("simplejwt", "django-simplejwt", "the user's row in SQLite; a JWT")],
           ["djangorestframework-simplejwt", "Django", "gunicorn"]),
    Server(gunicorn("django-simplejwt", STATELESS="1"), [Target("simplejwt-stateless", "django-simplejwt", "nothing: a JWT")],
           ["djangorestframework-simplejwt", "Django", "gunicorn"]),
    Server(gunicorn("flask"), [
        Target("flask", "flask", "nothing: a signed cookie"),
        Target("flask-immediate", "flask-immediate", "nothing: a signed cookie",
               "held to a promise that Flask does not give: a cookie that was signed out is accepted until it expires")],
        ["Flask", "itsdangerous", "gunicorn"]),
    Server(uvicorn, [Target("fastapi", "fastapi", "nothing: a JWT")], ["fastapi", "PyJWT", "uvicorn"]),
    Server(nginx, [
        Target("nginx", "nginx", "a session at an authority"),
        Target("nginx-cached", "nginx", "a session at an authority, answers kept for 5 s",
               "its cache keeps an answer for 5 s, so that a token works for so long after its revocation")],
        ["nginx", "authbench"]),
    Server(hummingbird, [Target("hummingbird", "hummingbird", "a session in memory")], ["hummingbird"]),
]


def contract(target: Target, out: Path) -> Path:
    return ROOT / f"Examples/contracts/{target.contract}.json" if target.contract else out / f"{target.name}.json"


def versions(names: list[str], authbench: Path) -> str:
    """The names with their versions, as those say who are there."""
    def said(*command) -> str:
        run = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        return re.search(r"\d+(\.\d+)+", run.stdout + run.stderr)[0]

    known = {
        "authbench": lambda: said(authbench, "--version"),
        "redis": lambda: said("redis-server", "--version"),
        "nginx": lambda: said(NGINX, "-v"),
        "hummingbird": lambda: re.search(r'exact: "([^"]*)"', HUMMINGBIRD_PACKAGE.read_text())[1],
    }
    return ", ".join(f"{name} {known[name]() if name in known else version(name)}" for name in names)


# The run.

def measured(options: argparse.Namespace, servers: list[Server]) -> int:
    """Starts the servers, measures them in one run and ends them; gives the status."""
    options.out.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="frameworks-") as scratch, Processes(Path(scratch)) as processes:
        rows = brought_up(Bench(options.authbench, Path(scratch), options.out, processes), servers)
        print(f"{len(servers)} servers are up", file=sys.stderr)
        command = [options.authbench, "run", options.workload, "--clients", options.clients, "--population", options.population,
                   "--duration", options.duration, "--repeats", options.repeats, "--out", options.out]
        for target, port in rows:
            command += ["--target", f"{target.name}=http://127.0.0.1:{port}", "--contract", contract(target, options.out)]
        # What stands behind the servers takes processor time for them, which authbench finds only where it is told.
        for name, process in processes.started:
            if name not in [server.name for server in servers]:
                command += ["--server-process", process.pid]
        status = run([shown(word) for word in command])
        for name, process in processes.started:
            if process.poll() is not None:
                raise Fault(f"{name} ended within the run: {processes.last_words(name)}")
    if status not in (0, 1, 3):
        return status
    write_servers(options.out / "latest/servers.csv", servers, options)
    return judged(options.out / "latest", status, [target for target, _ in rows])


def brought_up(bench: Bench, servers: list[Server]) -> list[tuple[Target, int]]:
    """Starts all servers, then waits for all; gives each row with its port."""
    if any(server.needs_redis for server in servers):
        bench.redis_port = free_port()
        bench.processes.start("redis", ["redis-server", "--port", bench.redis_port, "--bind", "127.0.0.1", "--save", "",
                                        "--appendonly", "no", "--dir", bench.scratch])
        bench.processes.wait("redis", lambda: listens(bench.redis_port))
    rows = []
    for server in servers:
        ports = server.start(bench, server.name)
        # A server with one port may have several rows.
        rows += [(server, target, port) for target, port in zip(server.targets, ports * len(server.targets), strict=False)]
    for server, _, port in rows:
        bench.processes.wait(server.name, lambda port=port: answers(port))
    return [(target, port) for _, target, port in rows]


def shown(word) -> str:
    """A path as it stands in run.json: below this folder, where it is there."""
    path = Path(word) if isinstance(word, Path) else None
    return str(path.relative_to(ROOT) if path and path.is_relative_to(ROOT) else word)


def run(command: list[str]) -> int:
    """Runs authbench, which ends itself at a signal; a second one is passed on."""
    process = subprocess.Popen(command, cwd=ROOT, preexec_fn=ends_with_us)
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            end(process)


def write_servers(file: Path, servers: list[Server], options: argparse.Namespace) -> None:
    """What each row is: its server with versions, what it keeps, and what its contract promises."""
    with file.open("w", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["strategy", "server", "keeps", "revocation", "expected_wrong"])
        for server in servers:
            text = versions(server.versions, options.authbench)
            for target in server.targets:
                promise = json.loads(contract(target, options.out).read_text()).get("revocation", "immediate")
                table.writerow([target.name, text, target.keeps, promise, target.wrong])


def judged(results: Path, status: int, targets: list[Target]) -> int:
    """Wrong decisions that are shown on purpose are no failure; all others are."""
    expected = {target.name: target.wrong for target in targets if target.wrong}
    wrong: dict[str, int] = {}
    with (results / "throughput.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            wrong[row["strategy"]] = wrong.get(row["strategy"], 0) + int(row["false_accepts"]) + int(row["false_rejects"])
    for name, count in wrong.items():
        if count:
            print(f"{name}: {count} wrong decisions: {expected.get(name, 'nobody expects them')}", file=sys.stderr)
    unexpected = [name for name, count in wrong.items() if count and name not in expected]
    return 1 if unexpected else 0 if status == 1 else status


def keep(results: Path, folder: Path) -> None:
    """Copies what the documents are made of, each file whole."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        part = folder / f"{name}.part"
        shutil.copyfile(results / name, part)
        part.replace(folder / name)


def wanted(names: list[str] | None) -> list[Server]:
    known = {server.name: server for server in SERVERS}
    for name in names or []:
        if name not in known:
            raise argparse.ArgumentTypeError(f"--only {name}: no such server; there are {', '.join(known)}")
    return [server for server in SERVERS if not names or server.name in names]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("authbench", type=Path, help="the program")
    parser.add_argument("--out", type=Path, required=True, help="a new folder for the run")
    parser.add_argument("--keep", type=Path, help="a folder that gets a copy of the CSV files")
    parser.add_argument("--only", action="append", metavar="SERVER", help="measures this one, and others named so")
    parser.add_argument("--workload", default="mixed")
    for name, value in {"clients": 4, "population": 600, "duration": 3, "repeats": 3}.items():
        parser.add_argument(f"--{name}", default=value, type=float if name == "duration" else int)
    parser.exit_on_error = False
    try:
        options = parser.parse_args()
        servers = wanted(options.only)
    except (argparse.ArgumentError, argparse.ArgumentTypeError) as error:
        print(f"compare: {error}", file=sys.stderr)
        return 64
    options.authbench, options.out = Path.cwd() / options.authbench, Path.cwd() / options.out
    if options.out.exists():
        print(f"compare: --out {options.out} exists: name a new folder", file=sys.stderr)
        return 64
    # A signal ends what was started, as an error does.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        status = measured(options, servers)
        if options.keep and status in (0, 3):
            keep(options.out / "latest", options.keep)
        return status
    except Fault as fault:
        print(f"compare: {fault}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
