#!/bin/bash
# A dask.distributed cluster inside one Slurm job, and a suite on it. Submit with: sbatch cluster.sh [options]
#SBATCH --job-name=mibench
#SBATCH --ntasks=32
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=3G
#SBATCH --time=04:00:00
set -euo pipefail

suite=${SUITE:-standard}
file=$PWD/scheduler-$SLURM_JOB_ID.json
rm -f "$file"
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -f "$file"' EXIT

dask scheduler --scheduler-file "$file" --port 0 --no-dashboard &
until [ -s "$file" ]; do sleep 1; done
srun --ntasks="$SLURM_NTASKS" dask worker --scheduler-file "$file" --nthreads 1 --no-dashboard &

address=$(python -c "import json, sys; print(json.load(open(sys.argv[1]))['address'])" "$file")
mibench run "$suite" "$@" --store "${STORE:-mibench.sqlite}" --scheduler "$address"
