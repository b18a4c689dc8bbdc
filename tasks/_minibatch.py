"""Densities of an aggregated posterior from one minibatch, as β-TCVAE training estimates them.

They look into the encoder, at q(z|x) of every sprite of the batch, which no estimator from samples can: oracles.
"""

from typing import Literal

import numpy as np

from ._posterior import AggregatedPosterior

Sampling = Literal["stratified", "weighted"]


def minibatch_weights(size: int, count: int, sampling: Sampling) -> np.ndarray:
    """Return the weights w of q̂(z_i) = Σ_m w_im·q(z_i|x_m), z_i drawn from q(z|x_i): shape ``(size, size)``.

    ``stratified``: 1/N on the diagonal, where x_m is z_i's own; of the M = size − 1 others one has (N − M)/(NM), the
    rest 1/M. Then the mean of q̂(z_i) over the batches that hold x_i is q(z_i). Widespread code fills a flat matrix in
    strides of M + 1, which in a matrix of M + 1 columns runs down the first column; the diagonal's stride is M + 2.

    ``weighted``: 1/(N·size) everywhere, which is too low by a factor of up to N. In ln q̂(z) − Σ_j ln q̂(z_j) of d
    latents that can leave (d − 1)·ln N: of use as a gradient, not as a value.

    Args:
        size: rows of the minibatch, without repeats, at least 2.
        count: N, rows in all.
        sampling: which of the two.

    References:
        R. T. Q. Chen, X. Li, R. Grosse and D. Duvenaud, Isolating sources of disentanglement in variational
        autoencoders, NeurIPS 2018. arXiv:1802.04942 (appendix C)
    """
    if not 2 <= size <= count:
        raise ValueError(f"size is {size}; allowed: from 2 to {count}")
    if sampling == "weighted":
        return np.full((size, size), 1 / (count * size))
    others = size - 1
    weights = np.full((size, size), 1 / others)
    np.fill_diagonal(weights, 1 / count)
    row = np.arange(size)
    weights[row, (row + 1) % size] = (count - others) / (count * others)
    return weights


def minibatch_densities(
    posterior: AggregatedPosterior, number: np.ndarray, z: np.ndarray, sampling: Sampling
) -> tuple[np.ndarray, np.ndarray]:
    """Return ln q̂(z) and ln q̂(z_j) of a minibatch, shapes ``(size,)`` and ``(size, d)``.

    Args:
        posterior: the encoder's Gaussians.
        number: the rows i of the batch, all different, shape ``(size,)``.
        z: one draw of q(z|i) for each, shape ``(size, d)``.
        sampling: see :func:`minibatch_weights`.
    """
    weights = minibatch_weights(len(number), len(posterior.mean), sampling)
    batch = AggregatedPosterior(posterior.mean[number], posterior.log_var[number])
    joint = _log_sum(batch.log_given_each(z), weights)
    single = [_log_sum(batch.of([j]).log_given_each(z[:, [j]]), weights) for j in range(z.shape[1])]
    return joint, np.stack(single, axis=1)


def _log_sum(logs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return ln Σ_m w_m·exp(log_m) of each row."""
    top = logs.max(axis=1)
    sums: np.ndarray = top + np.log((np.exp(logs - top[:, np.newaxis]) * weights).sum(axis=1))
    return sums
