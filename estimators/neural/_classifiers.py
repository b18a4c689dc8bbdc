"""Classifiers of letters: perceptrons whose output is the logarithm of a probability for each."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ._conditional import _padded
from ._critics import _Perceptron
from ._scores import Scores


class Classifier:
    """q(k | input) of R replicates; it starts near the smoothed frequencies of the training letters.

    Args:
        frequencies: positive, ``(R, letters)``.
        inputs: columns of an input.
        hidden, layers: units and number of the hidden layers.
        generator: where the first weights come from.
    """

    def __init__(
        self, frequencies: np.ndarray, inputs: int, hidden: int, layers: int, generator: torch.Generator
    ) -> None:
        replicates, self.letters = frequencies.shape
        self.network = _Perceptron(replicates, [inputs] + [hidden] * layers + [_padded(self.letters)], generator)
        last = self.network.layers[-1]
        with torch.no_grad():
            last.weight.mul_(0.1)
            last.bias.zero_()[:, 0, : self.letters] = torch.from_numpy(np.log(frequencies)).float()

    def parameters(self) -> list[Tensor]:
        """Every tensor that is learnt."""
        return self.network.parameters()

    def log_probability(self, inputs: Tensor, letters: Tensor) -> Tensor:
        """Return ln q(letter | input) in nats: ``(R, n, d)`` and ``(R, n, 1)`` → ``(R, n)``."""
        logits = self.network(inputs)[..., : self.letters]
        return torch.log_softmax(logits, dim=-1).gather(-1, letters.long()).squeeze(-1)


def score_letters(classifier: Classifier, blocks: Sequence[Tensor]) -> tuple[Scores, Scores]:
    """Return ln q of every row's letter, and 0."""
    found = classifier.log_probability(*blocks)
    return Scores(found), Scores(found * 0)
