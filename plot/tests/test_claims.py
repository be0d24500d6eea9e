"""What the page says of claims, from the recording of a real run."""

from pathlib import Path

import pytest
from claims import claims
from crafted import run_folder
from opening import make_report
from results import BadFolder

RECORDING = Path(__file__).parents[2] / "Tests/Recordings/claims"


def test_each_claim_is_one_entry_with_its_verdict():
    entries = claims(RECORDING)
    assert [entry["id"] for entry in entries] == [f"CLM-{number:02}" for number in range(1, 26)]
    verdicts = {entry["id"]: entry["verdict"] for entry in entries}
    assert verdicts["CLM-25"] == "does not hold"


def test_the_page_has_a_section_with_the_claims(tmp_path):
    run = run_folder(tmp_path / "run")
    made = make_report(run, claims=RECORDING)
    assert made.returncode == 0, made.stderr
    page = (run / "report.html").read_text()
    assert '<section id="claims"' in page and "A deny-list makes JWTs as slow as sessions" in page


def test_a_folder_without_claims_is_refused(tmp_path):
    run = run_folder(tmp_path / "run")
    made = make_report(run, claims=run)
    assert made.returncode == 65
    assert made.stderr == (f"report: {run}: has no claims.csv; give a folder of authbench claims, as "
                           "results/latest-claims\n")


def test_a_file_of_another_version_is_refused(tmp_path):
    (tmp_path / "claims.csv").write_text("claim,verdict\nCLM-01,holds\n")
    with pytest.raises(BadFolder, match="is cut off, or of another version"):
        claims(tmp_path)
