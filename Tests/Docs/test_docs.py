"""The documents say what is there: links, targets, commands, code and figures; and they say it in short sentences."""

import importlib.machinery
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy
import pandas
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "Pipelines"))
from program_calls import PROGRAM, ROOT, calls, help_of, is_called_right, options  # noqa: E402

PAGES = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
MAPS = ["Sources/README.md", "Benchmarks/README.md", "Tests/Fuzz/README.md"]
REFERENCE = ROOT / "results/reference"
COMMANDS = [
    ["run"], ["exposure"], ["outage"], ["logout-everywhere"], ["sweep"], ["claims"], ["plan"], ["gate", "run"], ["gate", "simulate"], ["compare"], ["conform"], ["validate"], ["serve"],
    ["token", "make"], ["token", "check"], ["list"], ["trace"], ["merge"], ["schema"]]


def text(name):
    return re.sub(r"<!--.*?-->", "", (ROOT / name).read_text(), flags=re.DOTALL)


def fences(name, language=r"\w*"):
    return re.findall(rf"^```{language}\n(.*?)^```", text(name), re.MULTILINE | re.DOTALL)


def without_fences(name):
    return re.sub(r"^```.*?^```", "", text(name), flags=re.MULTILINE | re.DOTALL)


def inline_code(name):
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", without_fences(name))]


def counter():
    """The script that counts words, as a module."""
    loader = importlib.machinery.SourceFileLoader("plain_english", str(ROOT / ".ci/plain-english"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("plain_english", loader))
    # A script is no module: it leaves no compiled twin beside it.
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loader.exec_module(module)
    sys.dont_write_bytecode = kept
    return module


# Links.

def anchors(name):
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", without_fences(name), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", PAGES + MAPS)
def test_links_lead_somewhere(name):
    lost = []
    bare = re.sub(r"`[^`]*`", "CODE", without_fences(name))
    for target in re.findall(r"\]\(([^)\s]+)\)", bare):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = ((ROOT / name).parent / path).resolve() if path else ROOT / name
        if not file.exists() or anchor and anchor not in anchors(file.relative_to(ROOT)):
            lost.append(target)
    assert not lost


@pytest.mark.parametrize("name", PAGES)
def test_paths_in_code_are_there(name):
    rooms = r"(?:Sources|Tests|docs|plot|Benchmarks|Examples|\.ci)/[\w./-]+"
    paths = [code for code in inline_code(name) if re.fullmatch(rooms, code)]
    # Of the reader's own package.
    assert not [path for path in paths if not (ROOT / path).exists() and "my-authbench" not in path]


# Commands.

@pytest.mark.parametrize("name", PAGES + MAPS)
def test_make_has_the_targets(name):
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = fences(name) + inline_code(name)
    assert not {target for one in code for target in re.findall(r"\bmake ([a-z][\w-]*)", one)} - targets


@pytest.mark.parametrize("name", PAGES + MAPS)
def test_authbench_is_called_as_it_is(name):
    shell = [re.sub(r"^\$ ", "", block, flags=re.MULTILINE) for block in fences(name)] + inline_code(name)
    found = [arguments for one in shell for arguments in calls(one)]
    for one in shell:
        found += [["run", *arguments.split()] for arguments in re.findall(r'make run ARGS="([^"]*)"', one)]
    wrong = [arguments for arguments in found if not is_called_right(arguments)]
    assert not wrong


@pytest.mark.parametrize("name", PAGES)
def test_options_alone_are_those_of_some_command(name):
    known = set().union(*(options(help_of(*command)) for command in COMMANDS))
    named = {option for code in inline_code(name) if code.startswith("--") for option in options(code)}
    assert not named - known


def test_the_documents_have_calls_to_check():
    assert len([one for name in PAGES for block in fences(name) for one in calls(block)]) >= 10


# Code.

@pytest.mark.parametrize("place", range(len(fences("docs/data.md", "python"))))
def test_python_runs_on_the_reference(place, tmp_path):
    code = fences("docs/data.md", "python")[place].replace("results/latest", str(REFERENCE))
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_three_lines_read_the_histograms():
    block = next(block for block in fences("docs/data.md", "python") if "histograms.jsonl" in block)
    assert len(block.strip().split("\n")) == 3
    names = {}
    exec(block.replace("results/latest", str(REFERENCE)), names)  # noqa: S102 - the document's own code
    buckets = names["buckets"]
    counts = buckets.groupby(["strategy", "repeat", "operation", "clock"])["count"].sum()
    latency = pandas.read_csv(REFERENCE / "latency.csv").set_index(["strategy", "repeat", "operation", "clock"])
    assert counts.astype(int).to_dict() == latency.n.to_dict()


def test_the_quantiles_of_the_page_are_those_of_the_summary(tmp_path):
    block = next(block for block in fences("docs/data.md", "python") if "curve" in block)
    names = {}
    exec(block.replace("results/latest", str(REFERENCE)), names)  # noqa: S102 - the document's own code
    curve = names["curve"]
    summary = pandas.read_csv(REFERENCE / "summary.csv")
    rows = summary[(summary.operation == "authenticate") & (summary.clock == "service") & summary.valid]
    for quantile, column in (0.5, "p50_ns"), (0.9, "p90_ns"), (0.99, "p99_ns"):
        own = curve[curve.share >= quantile].groupby("strategy").upper_ns.first()
        written = rows.dropna(subset=[column]).set_index("strategy")[column]
        assert own[written.index].to_dict() == written.to_dict()


def test_the_intervals_of_the_page_are_those_of_the_summary():
    names = {}
    exec(next(block for block in fences("docs/data.md", "python") if "def interval" in block), names)  # noqa: S102
    summary = pandas.read_csv(REFERENCE / "summary.csv")
    throughput = pandas.read_csv(REFERENCE / "throughput.csv")
    valid = throughput[throughput.valid][["strategy", "repeat"]]
    lines = pandas.read_json(REFERENCE / "histograms.jsonl", lines=True).merge(valid)
    compared = 0
    for _, row in summary.iterrows():
        own = lines[(lines.strategy == row.strategy) & (lines.operation == row.operation) & (lines.clock == row.clock)]
        for column, share in ("p50", 0.5), ("p90", 0.9), ("p99", 0.99):
            if pandas.isna(row[f"{column}_ci95_low_ns"]):
                continue
            parts = [line["upper_ns"][(numpy.cumsum(line["count"]) >= share * sum(line["count"])).argmax()]
                     for _, line in own.iterrows()]
            low, high = names["interval"](row[f"{column}_ns"], parts)
            assert abs(low - row[f"{column}_ci95_low_ns"]) < 1 and abs(high - row[f"{column}_ci95_high_ns"]) < 1
            compared += 1
        rates = throughput[throughput.valid & (throughput.strategy == row.strategy)].achieved_rate
        low, high = names["interval"](row.operations_per_second, rates)
        assert low == pytest.approx(row.operations_per_second_ci95_low, rel=1e-5)
        assert high == pytest.approx(row.operations_per_second_ci95_high, rel=1e-5)
    assert compared >= 100


@pytest.mark.parametrize("place", range(len(fences("docs/data.md", "sql"))))
def test_duckdb_answers_on_the_reference(place):
    query = fences("docs/data.md", "sql")[place].replace("results/latest", str(REFERENCE))
    assert duckdb.sql(query).fetchall()


@pytest.mark.parametrize("place", range(len(fences("docs/workloads.md", "json"))))
def test_the_workloads_of_the_page_are_workloads(place, tmp_path):
    file = tmp_path / "own.json"
    file.write_text(fences("docs/workloads.md", "json")[place])
    run = subprocess.run([PROGRAM, "trace", file, "--count", "1"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


# Figures.

def test_tables_and_figures_are_those_of_the_reference():
    run = subprocess.run([ROOT / ".ci/doc-tables", "--check"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("name", PAGES)
def test_no_marker_of_a_figure_cuts_its_paragraph(name):
    # A comment at the beginning of a line is a block of its own in Markdown.
    assert not re.search(r"^\s*<!-- figure", (ROOT / name).read_text(), re.MULTILINE)


def test_a_changed_figure_is_found_and_written_anew(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("p50 is <!-- figure: time hs256-jwt p50 -->1 s<!-- end -->.\n\n<!-- table: cost -->\nold\n<!-- end -->\n")
    script = [ROOT / ".ci/doc-tables", page]
    assert subprocess.run([*script, "--check"], capture_output=True).returncode == 1
    assert subprocess.run(script, capture_output=True).returncode == 0
    assert "1 s" not in page.read_text() and "old" not in page.read_text() and "hs256-jwt" in page.read_text()
    assert subprocess.run([*script, "--check"], capture_output=True).returncode == 0


@pytest.mark.parametrize("marker", [
    "<!-- table: none -->\n<!-- end -->\n", "<!-- figure: none hs256-jwt --><!-- end -->\n",
    "<!-- figure: time none p50 --><!-- end -->\n"])
def test_an_unknown_figure_is_one_line(marker, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(marker)
    run = subprocess.run([ROOT / ".ci/doc-tables", page], capture_output=True, text=True)
    assert run.returncode == 1 and run.stderr.startswith("doc-tables: ") and run.stderr.count("\n") == 1


# Sentences.

CRAFTED = """# A heading has no end and is no sentence

One two three. Four `five six. seven` eight! Is [nine](ten.md) the
last of these: no; it goes on (as RFC 9110 says)?

- An item without an end
- Version 1.2 of e.g. this is one sentence.
  It has a second line.

| a cell | two sentences. In one cell. |
|---|---|

```
Code is not counted. It may be as long as it likes.
```
<!-- figure: x y --> 5 µs <!-- end -->
"""


def test_sentences_are_counted_right():
    module = counter()
    found = [
        (line, kind, [len(words) for words in module.sentences(block)])
        for line, kind, block in module.blocks(CRAFTED) if block.strip()]
    assert found == [
        (3, "prose", [3, 3, 14]), (6, "prose", [5]), (7, "prose", [8, 5]), (10, "cell", [2]), (10, "cell", [2, 3]),
        (16, "prose", [2])]
    count = module.Count(CRAFTED)
    assert (count.prose, count.longest) == ([3, 3, 14, 5, 8, 5, 2], 14)
    assert count.mean == pytest.approx(40 / 7)


@pytest.mark.parametrize(("page", "says"), [
    ("Good.\n\n" + "word " * 31 + "end.\n", "page.md:3: 32 words, more than 30: word"),
    ("| x |\n|---|\n| " + "word " * 31 + "|\n", "page.md:3: 31 words"),
    ("- " + "one two; " * 16 + "\n", "page.md:1: 32 words"),
    ("a b c d e f g h i j k l m n o p.\n", "16.0 words on average, more than 15"),
])
def test_a_long_sentence_is_named(page, says, tmp_path):
    (tmp_path / "page.md").write_text(page)
    run = subprocess.run([ROOT / ".ci/plain-english", tmp_path / "page.md"], capture_output=True, text=True)
    assert run.returncode == 1
    assert says in run.stderr


def test_the_documents_are_in_plain_english():
    run = subprocess.run([ROOT / ".ci/plain-english"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.splitlines()) == len(PAGES)
