#!/bin/bash
# One shard of a run, started by Slurm, MPI or Kubernetes, which say in the environment which of all it is:
#
#   STORE=redis://store:6379 RESULTS=results Examples/cluster/shard.sh browse --strategy redis-session
#
# STORE is the Redis server that is measured, and in which the shards find each other. RESULTS is a folder; each shard makes its own
# in it. Whatever follows goes to authbench run.
set -uo pipefail

number=${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-${SLURM_PROCID:-${JOB_COMPLETION_INDEX:?no Slurm, MPI or Kubernetes has started this}}}}
"${AUTHBENCH:-authbench}" run "$@" --redis "$STORE" --rendezvous "$STORE" --out "$RESULTS/shard-$((number + 1))" --quiet >/dev/null
status=$?
# A row that was disturbed is marked as such and ends no other shard.
[ "$status" -eq 3 ] || exit "$status"
