"""The recipes for several machines: Slurm and MPI for real, and the Job of Kubernetes by its schema and its environment."""

import csv
import json
import os
import subprocess
import time
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "Examples/cluster"
PROGRAM = os.environ.get("AUTHBENCH_PROGRAM", ROOT / ".build/release/authbench")
ASKED = ["browse", "--strategy", "redis-session", "--clients", "4", "--population", "400", "--duration", "0.5",
         "--warm-up", "0.1", "--repeats", "2"]
MANIFEST = list(yaml.safe_load_all((CLUSTER / "job.yaml").read_text()))


@pytest.fixture
def store(tmp_path):
    socket = tmp_path / "redis.sock"
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", socket, "--save", ""], stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            assert server.poll() is None
            time.sleep(0.02)
        yield f"unix://{socket}"
    finally:
        server.terminate()
        server.wait()


def environment(folder, **more):
    return os.environ | {"AUTHBENCH": str(PROGRAM), "RESULTS": str(folder)} | more


def rows(folder, file="throughput.csv"):
    return list(csv.DictReader((folder / file).open(newline="")))


def is_whole(merged, shards):
    """The merged folder has every count of its shards, and is sound."""
    checked = subprocess.run([PROGRAM, "validate", merged], capture_output=True, text=True)
    assert checked.returncode in (0, 3), checked.stderr
    own = [row for shard in shards for row in rows(shard)]
    for row in rows(merged):
        parts = [part for part in own if (part["strategy"], part["repeat"]) == (row["strategy"], row["repeat"])]
        assert len(parts) == len(shards)
        for count in ("operations", "accepted", "refused", "clients"):
            assert int(row[count]) == sum(int(part[count]) for part in parts) > 0 or count == "refused"
        assert row["errors"] == row["false_accepts"] == row["false_rejects"] == "0", row
    records = [json.loads((shard / "run.json").read_text()) for shard in shards]
    assert sorted(record["shard"]["index"] for record in records) == list(range(1, len(shards) + 1))
    return records


def merged_in(folder):
    (merged,) = [path for path in folder.rglob("*-merged*") if (path / "run.json").exists() and not path.is_symlink()]
    return merged, sorted(path.resolve() for path in merged.parent.glob("shard-*/latest"))


@pytest.mark.parametrize("resource", MANIFEST, ids=lambda resource: resource["kind"])
def test_the_manifest_is_what_kubernetes_takes(resource):
    kubernetes_validate.validate(resource, "1.37", strict=True)


def container():
    (job,) = [resource for resource in MANIFEST if resource["kind"] == "Job"]
    (found,) = job["spec"]["template"]["spec"]["containers"]
    return job["spec"], found


def test_the_job_says_how_many_shards_there_are_and_where_the_store_is():
    job, pod = container()
    given = {entry["name"]: entry["value"] for entry in pod["env"]}
    assert job["completionMode"] == "Indexed"
    assert int(given["JOB_COMPLETIONS"]) == job["completions"] == job["parallelism"]
    services = [resource for resource in MANIFEST if resource["kind"] == "Service"]
    assert given["STORE"] == "redis://{}:{}".format(
        services[0]["metadata"]["name"], services[0]["spec"]["ports"][0]["port"])
    assert given["RESULTS"] == pod["volumeMounts"][0]["mountPath"]


def test_the_pods_of_the_job_measure_one_run(tmp_path, store):
    job, pod = container()
    given = {entry["name"]: entry["value"] for entry in pod["env"]} | {"STORE": store}
    pods = [
        subprocess.Popen(
            [CLUSTER / "shard.sh", *pod["args"], *ASKED[3:]], stderr=subprocess.PIPE, text=True,
            env=environment(tmp_path) | given | {"RESULTS": str(tmp_path), "JOB_COMPLETION_INDEX": str(index)})
        for index in range(job["completions"])]
    said = [each.communicate(timeout=120)[1] for each in pods]
    assert [each.returncode for each in pods] == [0] * len(pods), said
    shards = [(tmp_path / f"shard-{number}/latest").resolve() for number in range(1, len(pods) + 1)]
    done = subprocess.run(
        [PROGRAM, "merge", "--shards", *shards, "--out", tmp_path / "all"], capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    merged, _ = merged_in(tmp_path / "all")
    is_whole(merged, shards)


def test_mpi_starts_the_shards(tmp_path, store):
    done = subprocess.run(
        [CLUSTER / "mpi.sh", *ASKED], capture_output=True, text=True, timeout=120,
        env=environment(tmp_path, STORE=store, PROCESSES="2", MPIRUN="--oversubscribe", OMPI_ALLOW_RUN_AS_ROOT="1",
                        OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1"))
    assert done.returncode in (0, 3), done.stderr
    merged, shards = merged_in(tmp_path)
    assert len(shards) == 2
    is_whole(merged, shards)


def test_slurm_starts_the_shards_on_two_machines(tmp_path):
    done = subprocess.run(
        ["python3", CLUSTER / "private_slurm.py", CLUSTER / "slurm.sbatch", *ASKED], cwd=ROOT, capture_output=True,
        text=True, timeout=180, env=environment(tmp_path))
    assert done.returncode in (0, 3), (done.stdout, done.stderr)
    merged, shards = merged_in(tmp_path)
    assert len(shards) == 2
    records = is_whole(merged, shards)
    # Where no namespace could be made, the program says so.
    assert "side by side" in done.stderr or not done.stderr, done.stderr
    # They began together: the clocks of both namespaces are one.
    for one, other in zip(*(record["shard"]["windows"] for record in records)):
        begun = [next(value for name, value in window.items() if "start" in name) for window in (one, other)]
        assert abs(begun[0] - begun[1]) < 100_000_000, (one, other)
