"""A short form of the soak: every command is ended a few times, in the moments that have gone wrong before."""

from pathlib import Path

import os
import soak

PROGRAM = Path(os.environ.get("AUTHBENCH_PROGRAM", Path(__file__).parents[2] / ".build/debug/authbench"))


def test_every_command_ends_as_documented_and_leaves_nothing():
    # Other tests may have the processors for themselves.
    failed = [trial for command in soak.COMMANDS for trial in soak.soak(PROGRAM, 4, 14, [command], patience_s=5)]
    assert not failed, [f"{trial}: {trial.faults}" for trial in failed]
