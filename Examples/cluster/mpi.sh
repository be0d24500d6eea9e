#!/bin/bash
# One trace from several processes under MPI, from the start to one result folder:
#
#   STORE=redis://store:6379 PROCESSES=2 Examples/cluster/mpi.sh browse --strategy redis-session
#
# STORE and what follows are explained in shard.sh. MPIRUN holds further options, such as --hostfile FILE; RESULTS (results) is a
# folder that all machines share.
set -uo pipefail
cd "$(dirname "$0")/../.."

export AUTHBENCH=${AUTHBENCH:-authbench} RESULTS=${RESULTS:-results}/mpi-$(date -u +%Y%m%dT%H%M%S)-$$
mkdir -p "$RESULTS"
read -ra further <<<"${MPIRUN:-}"
mpirun -np "${PROCESSES:=2}" "${further[@]}" -x AUTHBENCH -x STORE -x RESULTS Examples/cluster/shard.sh "$@" || exit

folders=()
for shard in $(seq "$PROCESSES"); do folders+=("$RESULTS/shard-$shard/latest"); done
"$AUTHBENCH" merge --shards "${folders[@]}" --out "$RESULTS"
