"""The latents of β-VAEs trained on sprites: their total correlation, and what they tell of the picture."""

import functools
import io
import tomllib
import types
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

import mibench.assets
from mibench import Block, Task, Truth, register_task
from mibench.errors import InputError

from . import _sprites
from ._minibatch import Sampling, minibatch_densities
from ._posterior import AggregatedPosterior

_ENCODERS, _TABLE = "sprites-vae.npz", "disentanglement.toml"
_CHEN = "Chen et al. 2018, arXiv:1802.04942 (the quantities)"
#: The encoder whose decoder is kept.
DRAWN = "c5-0"


@register_task("disentanglement")
@dataclass(frozen=True)
class Disentanglement(Task):
    """I or TC in nats of the latents z of a trained β-VAE, whose q(z) = (1/N) Σ_i N(μ_i, diag σ_i²) is known exactly.

    Encoders of 6 latents were trained on 1,536 sprites (a square or an ellipse in 3 sizes, 4 orientations and 8 × 8
    places); a sprite x is drawn, uniformly, and then z from its Gaussian. ``pair`` says of what:

    - ``tc``: TC(z) = Σ_j h(z_j) − h(z), six blocks of shape ``(n, 1)``; 0 where the latents are disentangled.
    - ``xz``: I(x; z) = h(z) − h(z|x), at most ln 1536 = 7.3369. The first block is the sprite, discrete: the inner
      10×10 pixels, shape ``(n, 100)``, or with ``about=index`` its number, written as its five factors, shape
      ``(n, 5)``. The second is z, ``(n, 6)``.
    - ``pair``: I(z_j; z_k) of the latents ``first`` and ``second``, shape ``(n, 1)`` each.

    h(z) is a Monte Carlo mean, stratified by sprite, with antithetic noise, 0.9 million draws an encoder, kept with its
    standard error, seed and script in the folder ``assets`` beside this module; h(z_j) and I(z_j; z_k) are quadratures.

    Args:
        asset: the encoder: ``c2``, ``c5`` and ``c8``, trained to that capacity in nats, or ``beta1`` and ``beta4``, and
            behind a hyphen the seed, 0 to 2.
        pair: the quantity, see above.
        about: the first block of ``xz``.
        first: a latent from 1 to 6, of ``pair`` alone.
        second: another one.

    References:
        C. P. Burgess, I. Higgins, A. Pal, L. Matthey, N. Watters, G. Desjardins and A. Lerchner, Understanding
        disentangling in β-VAE, 2018. arXiv:1804.03599

        R. T. Q. Chen, X. Li, R. Grosse and D. Duvenaud, Isolating sources of disentanglement in variational
        autoencoders, NeurIPS 2018. arXiv:1802.04942

    Example:
        >>> from mibench import get_task
        >>> task = get_task("disentanglement:asset=c5-0,pair=tc")
        >>> len(task.blocks), 0.1 < task.truth.nats < 0.3, task.truth.stderr < 0.002
        (6, True, True)
    """

    asset: str
    pair: Literal["tc", "xz", "pair"] = "tc"
    about: Literal["image", "index"] = "image"
    first: int | None = None
    second: int | None = None

    #: How the encoders were trained, by how much they tell of a sprite, and how often.
    trainings = ("c2", "beta4", "c5", "beta1", "c8")
    seeds = 3

    family = "disentanglement"
    traits = frozenset({"learned"})
    assets = types.MappingProxyType(
        {
            _ENCODERS: "b7f7e365dd11d40753eaa4944c92f8f0360a0702a3a8eaba8096083c45c5c16f",
            _TABLE: "aee790b25a82f809e018041b2b6510a4009b2b264d5d1e66daf81666ad04b3c4",
        }
    )

    def __post_init__(self) -> None:
        if self.asset not in _truths():
            raise ValueError(f"asset is {self.asset!r}; allowed: {', '.join(_truths())}")
        if self.about == "index" and self.pair != "xz":
            raise ValueError(f"about is 'index' with pair={self.pair}; allowed: with pair=xz")
        latents = [number for number in (self.first, self.second) if number is not None]
        if self.pair != "pair":
            if latents:
                raise ValueError(f"first and second go with pair=pair, not pair={self.pair}")
        elif len(set(latents)) < 2 or not set(latents) <= set(range(1, 7)):
            raise ValueError(f"first is {self.first} and second is {self.second}; allowed: two latents from 1 to 6")

    @property
    def posterior(self) -> AggregatedPosterior:
        """The encoder's Gaussians and their mixture, of all six latents."""
        return _posteriors()[self.asset]

    @cached_property
    def _latents(self) -> AggregatedPosterior:
        """The mixture of those latents that the blocks hold."""
        pair = [number - 1 for number in (self.first, self.second) if number is not None]
        return self.posterior.of(pair) if pair else self.posterior

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The latents one by one, or the sprite, discrete, and all of them."""
        if self.pair == "tc":
            return (Block(1),) * 6
        if self.pair == "pair":
            return Block(1), Block(1)
        shown = _sprites.INNER**2 if self.about == "image" else len(_sprites.FACTORS)
        return Block(shown, "discrete"), Block(6)

    @property
    def tags(self) -> frozenset[str]:
        """Beside the others ``image``, where the sprite is one."""
        return super().tags | ({"image"} if (self.pair, self.about) == ("xz", "image") else set())

    @cached_property
    def truth(self) -> Truth:
        """From the table, with its standard error, or of two latents by quadrature."""
        if self.pair == "pair":
            return Truth(max(self._latents.pair_information(0, 1), 0.0), "quadrature", _CHEN)
        row = _truths()[self.asset]
        return Truth(row[self.pair], "Monte Carlo", f"{_TABLE}; {_CHEN}", row["stderr"])

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Draw sprite and noise."""
        number, z = self._latents.draw(n, rng)
        if self.pair != "xz":
            return tuple(np.hsplit(z, z.shape[1]))
        sprites = _sprites.load()
        return (sprites.inner if self.about == "image" else sprites.factors)[number], z

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln q(z|x) − ln q(z), or ln q(z) − Σ_j ln q(z_j), shape ``(n,)``; cost O(n·1536·6)."""
        ratios: np.ndarray
        if self.pair == "xz":
            x, z = blocks
            ratios = self._latents.log_given(z, _sprites.load().find(x)) - self._latents.log_density(z)
        else:
            z = np.hstack(blocks)
            ratios = self._latents.log_density(z) - self._latents.log_marginals(z).sum(axis=1)
        return ratios

    def minibatch(self, size: int, rng: np.random.Generator, sampling: Sampling = "stratified") -> float:
        """Return the estimate of TC(z) or I(x; z) of β-TCVAE training, from the encoder at a minibatch of sprites.

        It looks into the encoder, which the blocks do not hold: an oracle like the mean of :meth:`pointwise`, and so a
        method of the task and no estimator, never ranked. See :func:`mibench.tasks._minibatch.minibatch_weights`.

        Args:
            size: sprites of the batch, drawn without repeats.
            rng: draws them and their noise.
            sampling: ``stratified`` or ``weighted``.
        """
        if self.pair == "pair":
            raise InputError("pair is 'pair'; allowed for a minibatch: tc or xz")
        posterior = self.posterior
        number = rng.choice(len(posterior.mean), size=size, replace=False)
        z = posterior.mean[number] + posterior.sd[number] * rng.standard_normal((size, posterior.mean.shape[1]))
        joint, single = minibatch_densities(posterior, number, z, sampling)
        if self.pair == "tc":
            return float(np.mean(joint - single.sum(axis=1)))
        return float(np.mean(posterior.log_given(z, number) - joint))

    def decoded(self, z: np.ndarray) -> np.ndarray:
        """Return what the decoder makes of latents, shape ``(n, 256)``: the mean of each of 16 × 16 pixels, 0 to 1.

        Args:
            z: shape ``(n, 6)``.

        Raises:
            InputError: the decoder was not kept; it is that of ``c5-0``.
        """
        if self.asset != DRAWN:
            raise InputError(f"asset is {self.asset!r}; allowed for decoded pictures: {DRAWN!r}")
        from scipy.special import expit

        values, last = z, len(_decoder()) - 1
        for place, (weight, bias) in enumerate(_decoder()):
            values = values @ weight.T + bias
            values = expit(values) if place == last else np.tanh(values)
        return values

    @property
    def information_gap(self) -> float:
        """MIG of the encoder, exactly: see :meth:`mibench.tasks._posterior.AggregatedPosterior.information_gap`."""
        return self.posterior.information_gap(_sprites.load().factors)


@functools.cache
def _truths() -> dict[str, dict[str, float]]:
    table = tomllib.loads(mibench.assets.load(_TABLE, Disentanglement.assets[_TABLE]).decode())
    return {row["asset"]: row for row in table["truths"]}


@functools.cache
def _posteriors() -> dict[str, AggregatedPosterior]:
    content = mibench.assets.load(_ENCODERS, Disentanglement.assets[_ENCODERS])
    with np.load(io.BytesIO(content)) as stored:
        arrays = {name: stored[name].astype(np.float64) for name in _truths()}
    return {name: AggregatedPosterior(*np.hsplit(array, 2)) for name, array in arrays.items()}


@functools.cache
def _decoder() -> list[tuple[np.ndarray, np.ndarray]]:
    content = mibench.assets.load(_ENCODERS, Disentanglement.assets[_ENCODERS])
    with np.load(io.BytesIO(content)) as stored:
        return [
            (stored[f"decoder-weight-{place}"].astype(np.float64), stored[f"decoder-bias-{place}"].astype(np.float64))
            for place in range(3)
        ]
