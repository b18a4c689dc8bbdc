"""The figures of a board: one file each, with title, caption, condition and drawing side by side."""

from . import bias_sd, dimension, heatmap, pareto, ranks, samples, truth
from .base import VEGA_LITE, Figure
from .curves import curves
from .style import configured
from .truth import truth_of

#: In the order of the page.
FIGURES: tuple[Figure, ...] = (
    truth.FIGURE, bias_sd.FIGURE, samples.FIGURE, dimension.FIGURE, heatmap.FIGURE, pareto.FIGURE, ranks.FIGURE,
)  # fmt: skip

__all__ = ["FIGURES", "VEGA_LITE", "Figure", "configured", "curves", "truth_of"]
