"""Calls of authbench in texts that people paste, held against what the program says of itself."""

import os
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = Path(os.environ.get("AUTHBENCH_PROGRAM", ROOT / ".build/debug/authbench"))
# In a pipeline, on a path, or a package of the reader's own, which has the same commands.
CALL = re.compile(r"^ *(?:\.gate/head|(?:[\w./]*/)?(?:my-)?authbench) +(.*)$", re.MULTILINE)


def calls(text):
    """The arguments of each call of authbench in shell text, redirections and what follows left out."""
    for arguments in CALL.findall(text.replace("\\\n", " ")):
        yield shlex.split(re.split(r" (?:>|\|)", arguments)[0], comments=True)


def options(text):
    return set(re.findall(r"--[a-z][a-z-]+", text))


@cache
def help_of(*command):
    """What `--help` prints, or nothing for a command that there is not."""
    run = subprocess.run([PROGRAM, *command, "--help"], capture_output=True, text=True)
    return run.stdout if run.returncode == 0 else ""


def is_called_right(arguments):
    """Whether the program has the command and all of its options."""
    command = list(arguments[: 2 if arguments[0] == "token" or arguments[:2] == ["gate", "simulate"] else 1])
    if command == ["gate"]:
        command.append("run")
    text = help_of(*command)
    return text != "" and options(" ".join(arguments)) <= options(text)
