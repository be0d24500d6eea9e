"""Runs a job on a Slurm of its own: three machines that are network namespaces of this one, with Redis on the first.

    python3 Examples/cluster/private_slurm.py -- SCRIPT [ARGUMENT...]

munge, slurmctld, three slurmd and Redis run in a temporary folder and in namespaces that nobody else sees, and end with this
program. Where namespaces are not allowed, three slurmd run side by side, which it says. The job runs on the second and third
machine, with the address of Redis in STORE. The exit status is the job's.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MACHINES = ("n1", "n2", "n3")
PATIENCE_S = 30
NETWORK = "10.213.77"


class Machine:
    """A network namespace, or this machine itself."""

    def __init__(self, name: str, address: str, holder: subprocess.Popen | None):
        self.name, self.address, self.holder = name, address, holder

    def command(self, *words: str) -> list[str]:
        # ip netns exec would hide the control groups, which slurmd looks at.
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *words] if self.holder else list(words)

    def run(self, *words: str) -> None:
        subprocess.run(self.command(*words), check=True)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as taken:
        sockets = [taken.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def machines(ended: contextlib.ExitStack) -> list[Machine]:
    """Three namespaces on one bridge, which is in the first."""
    holders = []
    try:
        for _ in MACHINES:
            holders.append(subprocess.Popen(
                ["unshare", "--net", "sleep", "infinity"], stderr=subprocess.DEVNULL))
            ended.callback(end, holders[-1])
        found = [Machine(name, f"{NETWORK}.{number}", holder)
                 for number, (name, holder) in enumerate(zip(MACHINES, holders), 1)]
        own = os.readlink("/proc/self/ns/net")
        until(lambda: all(os.readlink(f"/proc/{holder.pid}/ns/net") != own for holder in holders), "namespaces")
        first = found[0]
        first.run("ip", "link", "add", "bridge", "type", "bridge")
        first.run("ip", "address", "add", f"{first.address}/24", "dev", "bridge")
        first.run("ip", "link", "set", "bridge", "up")
        for machine in found[1:]:
            first.run("ip", "link", "add", machine.name, "type", "veth", "peer", "name", "eth0",
                      "netns", str(machine.holder.pid))
            first.run("ip", "link", "set", machine.name, "master", "bridge", "up")
            machine.run("ip", "address", "add", f"{machine.address}/24", "dev", "eth0")
            machine.run("ip", "link", "set", "eth0", "up")
        for machine in found:
            machine.run("ip", "link", "set", "lo", "up")
        return found
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"no network namespaces ({error}): three slurmd side by side on this machine", file=sys.stderr)
        return [Machine(name, "127.0.0.1", None) for name in MACHINES]


def until(is_true, what: str) -> None:
    limit_s = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            if is_true():
                return
        if time.monotonic() > limit_s:
            raise SystemExit(f"{what}: not there within {PATIENCE_S} s")
        time.sleep(0.05)


def end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start(ended: contextlib.ExitStack, log: Path, command: list[str], **more) -> subprocess.Popen:
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, **more)
    ended.callback(end, process)
    return process


def settings(folder: Path, all_machines: list[Machine], user: str) -> str:
    control, *ports = free_ports(1 + len(all_machines))
    nodes = "\n".join(
        f"NodeName={machine.name} NodeHostname={machine.name} NodeAddr={machine.address} Port={port} CPUs=1 State=UNKNOWN"
        for machine, port in zip(all_machines, ports))
    return f"""ClusterName=authbench
SlurmctldHost={socket.gethostname()}({all_machines[0].address})
SlurmctldPort={control}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmdParameters=config_overrides
SelectType=select/linear
SchedulerParameters=sched_interval=1
ReturnToService=2
MpiDefault=none
MailProg=/bin/true
{nodes}
PartitionName=all Nodes=ALL Default=YES MaxTime=30 State=UP
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("script")
    parser.add_argument("argument", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    user = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    folder = Path(tempfile.mkdtemp(prefix="authbench-slurm-"))
    with contextlib.ExitStack() as ended:
        ended.callback(shutil.rmtree, folder, ignore_errors=True)
        all_machines = machines(ended)
        first = all_machines[0]
        folder.chmod(0o711)
        key = folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        (folder / "state").mkdir()
        configuration = folder / "slurm.conf"
        configuration.write_text(settings(folder, all_machines, user))
        os.environ["SLURM_CONF"] = str(configuration)
        start(ended, folder / "munge.out", [
            "munged", "--foreground", "--force", f"--socket={folder}/munge.socket", f"--key-file={key}",
            f"--pid-file={folder}/munge.pid", f"--seed-file={folder}/munge.seed", f"--log-file={folder}/munge.log"])
        until((folder / "munge.socket").exists, "munged")
        (port,) = free_ports(1)
        start(ended, folder / "redis.log", first.command(
            "redis-server", "--port", str(port), "--bind", first.address, "--protected-mode", "no", "--save", "",
            "--appendonly", "no"))
        start(ended, folder / "slurmctld.out", first.command("slurmctld", "-D", "-f", str(configuration)))
        for machine in all_machines:
            (folder / f"spool.{machine.name}").mkdir()
            start(ended, folder / f"slurmd.{machine.name}.out", machine.command(
                "slurmd", "-D", "-N", machine.name, "-f", str(configuration)))

        def idle() -> bool:
            states = subprocess.run(
                first.command("sinfo", "--noheader", "--Node", "--format", "%T"), check=True, capture_output=True,
                text=True).stdout.split()
            return states == ["idle"] * len(all_machines)

        until(idle, "slurmd on all machines")
        environment = os.environ | {"STORE": f"redis://{first.address}:{port}"}
        output = folder / "job.out"
        job = subprocess.run(first.command(
            "sbatch", "--parsable", "--wait", "--nodes", "2", "--exclude", first.name, "--chdir", os.getcwd(), "--output", str(output),
            options.script, *options.argument), env=environment)
        sys.stdout.write(output.read_text() if output.exists() else "")
        if job.returncode:
            for log in sorted(folder.glob("slurm*.log")):
                sys.stderr.write(f"{log.name}: {log.read_text()[-2000:]}\n")
        return job.returncode


if __name__ == "__main__":
    sys.exit(main())
