"""Bounds on the gap between training and test error by mutual information: a heuristic one, and a proven one."""

import math
from dataclasses import dataclass

from .errors import InputError, shown

#: From here on the heuristic bound says nothing: no error rate differs from another by more.
VACUOUS = 1.0
_MOST_ROWS = 10**18


@dataclass(frozen=True)
class CompressionBound:
    """ε = √((2^I + ln(1/δ))/(2m)), I in bits: a heuristic for how far training error may be from test error.

    The argument counts 2^I cells of inputs that a representation Z tells apart, and puts their number in the place of
    that of hypotheses in Hoeffding's bound for finitely many. I(X; Z) bounds no such number, so that **nothing is
    proven**: for a deterministic Z of continuous inputs I is infinite however well the network generalises.

    Attributes:
        nats: I(X; Z) in nats, or an estimate of it, which may be below 0.
        rows: the number m of training examples.
        delta: the probability δ that the bound, were it one, may fail with.

    References:
        R. Shwartz-Ziv, A. Painsky and N. Tishby, Representation compression and generalization in deep neural networks,
        2018. https://openreview.net/forum?id=SkeL6sCqK7

    Example:
        >>> round(CompressionBound(nats=8 * math.log(2), rows=3277, delta=0.05).epsilon, 3)
        0.199
    """

    nats: float
    rows: int
    delta: float = 0.05

    def __post_init__(self) -> None:
        if not math.isfinite(self.nats):
            raise InputError(f"mi is {self.nats}; allowed: a finite number")
        if not 1 <= self.rows <= _MOST_ROWS:
            raise InputError(f"rows is {shown(self.rows)}; allowed: 1 or more, up to {_MOST_ROWS:.0e}")
        if not 0 < self.delta < 1:
            raise InputError(f"delta is {self.delta}; allowed: more than 0 and less than 1")

    @property
    def bits(self) -> float:
        """I(X; Z) in bits."""
        return self.nats / math.log(2)

    @property
    def epsilon(self) -> float:
        """ε; infinite where 2^I is no longer a number."""
        return math.sqrt((self._cells - math.log(self.delta)) / (2 * self.rows))

    @property
    def is_vacuous(self) -> bool:
        """True from ε = 1."""
        return self.epsilon >= VACUOUS

    @property
    def rows_needed(self) -> float:
        """The least number of rows with ε < 1, infinite where there is none."""
        least = (self._cells - math.log(self.delta)) / 2
        return math.floor(least) + 1 if math.isfinite(least) else least

    @property
    def _cells(self) -> float:
        try:
            return math.exp(self.nats)
        except OverflowError:
            return math.inf


@dataclass(frozen=True)
class GaussianMean:
    """Learning the mean of a Gaussian from n rows, where the gap and the information are known exactly.

    W = (1/n) Σ Z_i of Z_i ~ N(μ, σ²·1_d), under the loss ‖w − z‖². The expected test loss exceeds the expected training
    loss by 2dσ²/n. W is a function of the rows, so that I(W; Z_1, …, Z_n) is infinite, and with it Xu and Raginsky's
    bound; each row alone shares I(W; Z_i) = (d/2) ln(n/(n − 1)) with W, and bounds the gap by
    (1 + 1/n)·σ²·d·√(2 ln(n/(n − 1))): the loss of an independent W and Z is (1 + 1/n)σ²·χ²_d, sub-Gaussian on its lower
    side with parameter √(2d)·(1 + 1/n)σ². The bound falls as 1/√n, the gap as 1/n.

    Attributes:
        rows: n, at least 2.
        dim: d.
        variance: σ².

    References:
        A. Xu and M. Raginsky, Information-theoretic analysis of generalization capability of learning algorithms,
        NeurIPS 2017. arXiv:1705.07809

        Y. Bu, S. Zou and V. V. Veeravalli, Tightening mutual information-based bounds on generalization error, IEEE
        JSAIT 1(1), 2020. DOI 10.1109/JSAIT.2020.2991139

    Example:
        >>> case = GaussianMean(rows=100)
        >>> round(case.nats, 5), case.gap, round(case.bound, 4)
        (0.00503, 0.02, 0.1432)
    """

    rows: int
    dim: int = 1
    variance: float = 1.0

    def __post_init__(self) -> None:
        for name, value, least in (("rows", self.rows, 2), ("dim", self.dim, 1)):
            if value < least:
                raise InputError(f"{name} is {value}; allowed: {least} or more")
        if not 0 < self.variance < math.inf:
            raise InputError(f"variance is {self.variance}; allowed: more than 0, finite")

    @property
    def nats(self) -> float:
        """I(W; Z_i) in nats."""
        return -0.5 * self.dim * math.log1p(-1 / self.rows)

    @property
    def gap(self) -> float:
        """The expected test loss less the expected training loss."""
        return 2 * self.dim * self.variance / self.rows

    @property
    def bound(self) -> float:
        """√(2·R²·I(W; Z_i)) with R² = 2d·((1 + 1/n)σ²)²: Bu, Zou and Veeravalli's bound on the gap."""
        spread = (1 + 1 / self.rows) * self.variance
        return math.sqrt(2 * 2 * self.dim * spread**2 * self.nats)
