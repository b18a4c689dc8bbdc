#!/bin/bash
# Puts the parts together. Submit with: sbatch --dependency=afterany:JOB merge.sh, JOB being that of array.sh
#SBATCH --job-name=mibench-merge
#SBATCH --mem=8G
#SBATCH --time=00:30:00
set -euo pipefail

parts=${PARTS:-parts}
mibench merge "$parts"/*.sqlite -o "${STORE:-mibench.sqlite}"
