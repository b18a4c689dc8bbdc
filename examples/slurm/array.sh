#!/bin/bash
# One part of a suite for each task of a Slurm array. Submit with: sbatch array.sh [options of mibench run]
#SBATCH --job-name=mibench
#SBATCH --array=1-16
#SBATCH --cpus-per-task=4
#SBATCH --mem=10G
#SBATCH --time=04:00:00
#SBATCH --signal=B:INT@120
# The signal is a Ctrl-C two minutes before the time is up: what runs is finished, and the same job resumes the rest.
set -euo pipefail

suite=${SUITE:-standard}
parts=${PARTS:-parts}
mkdir -p "$parts"
exec mibench run "$suite" "$@" \
    --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
    --store "$parts/$SLURM_ARRAY_TASK_ID.sqlite" \
    --workers "${SLURM_CPUS_PER_TASK:-1}"
