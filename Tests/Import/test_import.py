"""The CSV files open, without an option, in the programs that analysts use."""

import csv
import os
import subprocess
from pathlib import Path

import duckdb
import pandas
import pytest

AUTHBENCH = Path(os.environ.get("AUTHBENCH_PROGRAM", Path(__file__).parents[2] / ".build/debug/authbench"))
FILES = ["summary", "latency", "throughput", "size"]
COMMON = ["schema_version", "run_id", "strategy", "workload", "trace_sha256"]
TEXTS = {"run_id", "strategy", "workload", "trace_sha256", "operation", "clock", "reason", "claim_profile", "store_cpu_source"}
FLAGS = {"valid", "fits_cookie_4096", "fits_header_8192"}
# Blank where there are too few samples to say.
OPTIONAL_FLAGS = {"stationary"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The result folder of a short real run of all strategies."""
    place = tmp_path_factory.mktemp("run")
    short = ["--population", "320", "--operations", "4000", "--warm-up", "0", "--repeats", "2"]
    run = subprocess.run([AUTHBENCH, "run", "--quiet", *short], cwd=place, stdout=subprocess.DEVNULL)
    # 3: numbers that a neighbour disturbed, which the rows say.
    assert run.returncode in (0, 3)
    return place / "results/latest"


@pytest.mark.parametrize("name", FILES)
def test_csv_module_reads_equally_long_rows(folder, name):
    rows = list(csv.reader((folder / f"{name}.csv").open(newline="")))
    assert rows[0][:5] == COMMON
    assert len(rows) > 6
    assert {len(row) for row in rows} == {len(rows[0])}


@pytest.mark.parametrize("name", FILES)
def test_pandas_reads_numbers_as_numbers(folder, name):
    table = pandas.read_csv(folder / f"{name}.csv")
    assert set(table.strategy) == {"null-baseline", "sqlite-session", "redis-session", "hs256-jwt", "rs256-jwt", "hybrid"}
    for column in set(table.columns) - TEXTS - FLAGS - OPTIONAL_FLAGS:
        assert pandas.api.types.is_numeric_dtype(table[column]), column
    for column in FLAGS & set(table.columns):
        assert table[column].dtype == bool, column


@pytest.mark.parametrize("name", FILES)
def test_duckdb_reads_the_same_rows(folder, name):
    path = folder / f"{name}.csv"
    relation = duckdb.sql(f"select * from '{path}'")
    assert relation.columns == list(pandas.read_csv(path).columns)
    assert len(relation.fetchall()) == len(pandas.read_csv(path))
    kinds = dict(zip(relation.columns, map(str, relation.types)))
    assert kinds["schema_version"] == "BIGINT", kinds
    assert all(kinds[column] == "BOOLEAN" for column in FLAGS & set(kinds))


def test_no_decision_is_wrong(folder):
    table = pandas.read_csv(folder / "throughput.csv")
    assert len(table) == 12
    assert (table[["false_accepts", "false_rejects", "errors"]] == 0).all().all()
    assert (table.valid == table.reason.isna()).all()
    assert table.trace_sha256.nunique() == 1


def test_every_strategy_is_weighed_with_every_claim_profile(folder):
    table = pandas.read_csv(folder / "size.csv")
    assert len(table) == 6 * 8
    assert not table.duplicated(["strategy", "claim_profile"]).any()
    bytes_of = table.pivot(index="claim_profile", columns="strategy", values="credential_bytes")
    hs256 = {
        "tiny": 108, "article": 267, "rfc9068": 423, "supabase": 851, "cognito": 839, "keycloak": 1090,
        "roles-4kib": 4096, "roles-9kib": 9216,
    }
    assert bytes_of["hs256-jwt"].to_dict() == hs256
    assert (bytes_of["rs256-jwt"] - bytes_of["hs256-jwt"] == 299).all()
    assert (bytes_of[["sqlite-session", "redis-session"]] == 43).all().all()


def test_only_tokens_with_many_roles_break_the_limits(folder):
    table = pandas.read_csv(folder / "size.csv")
    tokens = table[table.strategy.isin(["hs256-jwt", "rs256-jwt", "hybrid"])]
    assert set(table[~table.fits_cookie_4096].index) == set(tokens[tokens.claim_profile.str.startswith("roles-")].index)
    assert set(table[~table.fits_header_8192].index) == set(tokens[tokens.claim_profile == "roles-9kib"].index)
    sent = table[table.strategy != "null-baseline"]
    # A field that HTTP/2 cannot keep in its table of 4096 bytes is sent whole each time.
    assert (sent.http2_repeat_bytes == sent.http2_first_bytes.where(~sent.fits_cookie_4096, 1)).all()
    assert (sent.http2_first_bytes < sent.request_header_bytes).all()
