"""Neural joint entropy estimation (NJEE)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError

from .._held_out import PARTS, Fold, folds

if TYPE_CHECKING:
    from ._critics import Critic
    from ._pairing import Scorer
    from ._training import Objective

#: The most letters of all columns together: each is a column of the networks' inputs.
MOST_LETTERS = 2048


@register_estimator("njee")
@dataclass(frozen=True)
class NJEE(Estimator):
    """Î = Σ_m [CE(y_m | y_1 … y_{m−1}) − CE(y_m | y_1 … y_{m−1}, x)] nats over the columns m of y, by classifiers.

    Takes two discrete blocks of shape ``(n, d)``; more are lifted by the chain rule. CE is the cross-entropy of a
    classifier that predicts the letter of one column, −(1/r) Σ_i ln q(y_im | …) on r held-out rows; its inputs are
    indicators of the letters of the columns it is given. The entropies H(Y) and H(Y | X) are sums over the columns by
    the chain rule, so that y may have more joint values than there are rows. (The reference takes the first column's
    entropy by counting, and cross-entropies of the rows trained on.)

    Three fifths of the rows train, one fifth selects the step by the likelihood, one fifth reports; below 1000 rows
    each fifth reports in turn. Bias: each cross-entropy is at least the entropy, their difference is neither a lower
    bound nor an upper bound; it errs downwards where x is hard to read, as where it has many letters for few rows.
    Cost: for each column of y O(``max_steps`` · ``batch_size``) passes at most.

    Args:
        hidden: units in each hidden layer of a classifier.
        layers: hidden layers.
        batch_size: rows in a gradient step.
        learning_rate: of Adam.
        max_steps: the most gradient steps.
        patience: steps without a better validation likelihood after which training stops.
        averaging: the decay of the moving average of the weights that is selected and reported; 0 takes the weights.

    References:
        Y. Shalev, A. Painsky and I. Ben-Gal, Neural Joint Entropy Estimation, IEEE Trans. Neural Networks and Learning
        Systems, 2022. DOI 10.1109/TNNLS.2022.3204919

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.integers(4, size=2000)
        >>> y = np.where(rng.random(2000) < 0.5, x, rng.integers(4, size=2000))  # I = 0.31
        >>> 0.2 < estimate(x, y, estimator="njee:max_steps=200").nats < 0.4
        True
    """

    hidden: int = 64
    layers: int = 1
    batch_size: int = 256
    learning_rate: float = 0.003
    max_steps: int = 1000
    patience: int = 200
    averaging: float = 0.99

    tags = Tags(
        max_blocks=2,
        kinds=frozenset({"discrete"}),
        deterministic=False,
        requires=("torch",),
        install="mibench[neural]",
    )

    def __post_init__(self) -> None:
        for name, lowest in {"hidden": 1, "layers": 1, "batch_size": 2, "max_steps": 1, "patience": 1}.items():
            if getattr(self, name) < lowest:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: {lowest} or more")
        if not 0 < self.learning_rate < math.inf:
            raise ValueError(f"learning_rate is {self.learning_rate}; allowed: a finite number of more than 0")
        if not 0 <= self.averaging < 1:
            raise ValueError(f"averaging is {self.averaging}; allowed: at least 0 and less than 1")

    def prepare(self) -> None:
        """Import torch and take one step, which loads what torch loads on use."""
        rng = np.random.default_rng(0)
        NJEE(max_steps=1).estimate(*rng.integers(2, size=(2, 50, 1)).astype(float), rng=rng)

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Train two classifiers for each column of y, and take the difference of their held-out cross-entropies."""
        n = len(blocks[0])
        if n < PARTS:
            raise InputError(f"{self.name}: n is {n}; allowed: at least {PARTS}")
        given, y = [self._letters(block) for block in blocks]
        splits = folds(n, rng)
        x_inputs = np.hstack([_indicators(letters) for letters in given])
        before = np.zeros((n, 0))
        terms, steps = np.zeros(n), 0
        for column in y:
            without = np.hstack([before, np.zeros_like(x_inputs)])
            gains, taken = self._gains(np.hstack([before, x_inputs]), without, column, splits, rng)
            terms, steps = terms + gains, steps + taken
            before = np.hstack([before, _indicators(column)])
        reported = np.concatenate([fold.report for fold in splits])
        diagnostics: dict[str, Any] = {"report_size": len(reported), "gradient_steps": steps}
        if any(int(letters.max()) + 1 == n for letters in (*given, *y)):
            diagnostics["warning"] = "no value of a column is repeated, so that nothing is learnt; bin the data first"
        return Estimate(float(terms[reported].mean()), diagnostics=diagnostics)

    def _letters(self, block: np.ndarray) -> list[np.ndarray]:
        """Return the number of each row's letter, ``(n,)`` a column."""
        found = [np.unique(column, return_inverse=True)[1] for column in block.T]
        count = sum(int(letters.max()) + 1 for letters in found)
        if count > MOST_LETTERS:
            raise InputError(f"{self.name}: a block has {count} letters in all columns; allowed: {MOST_LETTERS}")
        return found

    def _gains(
        self,
        inputs: np.ndarray,
        without: np.ndarray,
        letters: np.ndarray,
        splits: Sequence[Fold],
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, int]:
        """Return ln q(letter | inputs) − ln q(letter | without x) of report rows, ``(n,)``, and the steps."""
        import torch

        from ._classifiers import Classifier, score_letters
        from ._conditional import Likelihood
        from ._training import DataSet, as_tensor, own_torch, train

        target = letters[:, np.newaxis].astype(np.float64)
        rows = [[given, target] for _ in splits for given in (inputs, without)]
        parts = [fold for fold in splits for _ in range(2)]
        count = int(letters.max()) + 1
        counts = np.array([np.bincount(letters[fold.train], minlength=count) for fold in parts]) + 0.5
        orders = [np.random.default_rng(rng.integers(2**63)) for _ in parts]
        generator = torch.Generator("cpu").manual_seed(int(rng.integers(2**63)))
        with own_torch():
            frequencies = counts / counts.sum(axis=1, keepdims=True)
            classifier = Classifier(frequencies, inputs.shape[1], self.hidden, self.layers, generator)
            train_rows, validation = [fold.train for fold in parts], [fold.validation for fold in parts]
            scorer = cast("Scorer", score_letters)
            training = train(
                cast("Critic", classifier),  # training asks for its parameters alone
                cast("Objective", Likelihood()),
                scorer,
                scorer,
                DataSet(rows, train_rows, validation, self.batch_size, orders),
                learning_rate=self.learning_rate,
                max_steps=self.max_steps,
                patience=self.patience,
                averaging=self.averaging,
            )
            with torch.no_grad():
                every = [as_tensor(np.stack(blocks)) for blocks in zip(*rows, strict=True)]
                found = classifier.log_probability(*every).double().numpy()
        gains = np.zeros(len(letters))
        for turn, fold in enumerate(splits):
            gains[fold.report] = (found[2 * turn] - found[2 * turn + 1])[fold.report]
        return gains, sum(training.steps)


def _indicators(letters: np.ndarray) -> np.ndarray:
    """Return one column a letter, 1 where it stands: ``(n, letters)``."""
    return np.eye(int(letters.max()) + 1)[letters]
