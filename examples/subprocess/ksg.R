# The KSG estimator (type 1) in R, run by mibench as  Rscript ksg.R SEED BLOCK1.npy BLOCK2.npy …
# Base R only; O(n^2) time and memory.

read_npy <- function(path) {
  file <- file(path, "rb")
  on.exit(close(file))
  preamble <- readBin(file, "raw", 8)                                   # \x93NUMPY and the version, 1.0
  length <- readBin(file, "integer", 1, size = 2, signed = FALSE, endian = "little")
  header <- rawToChar(readBin(file, "raw", length))
  shape <- as.integer(regmatches(header, regexec("\\(([0-9]+), ([0-9]+)\\)", header))[[1]][2:3])
  matrix(readBin(file, "double", prod(shape), endian = "little"), nrow = shape[1], byrow = TRUE)
}

arguments <- commandArgs(trailingOnly = TRUE)                           # the seed is not needed here
blocks <- lapply(arguments[-1], read_npy)
k <- 5
n <- nrow(blocks[[1]])
distances <- lapply(blocks, function(block) as.matrix(dist(block, method = "maximum")))
joint <- do.call(pmax, distances)
diag(joint) <- Inf
radius <- apply(joint, 1, function(row) sort(row, partial = k)[k])
terms <- sapply(distances, function(d) mean(digamma(rowSums(d < radius))))  # the point itself is the "+ 1"
nats <- digamma(k) + (length(blocks) - 1) * digamma(n) - sum(terms)
cat(sprintf('{"nats": %.17g, "diagnostics": {"k": %d, "language": "R"}}\n', nats, k))
