"""The six recipes of the training benchmark: a network, and how it is trained."""

from typing import NamedTuple

from harness.spec import Trial

INPUTS, CLASSES, IMAGES = 784, 10, 60_000


class Recipe(NamedTuple):
    """A fully connected network on MNIST that ends in softmax and cross-entropy, and how it is trained."""

    hidden: tuple[int, ...]
    optimizer: str
    learning_rate: float
    batch: int
    activation: str = "relu"
    normalization: str = "none"

    @property
    def name(self) -> str:
        """Return its widths and what else sets it apart, as in ``784-64-64-10 sgd B=128``."""
        short = len(self.hidden) > 3 and len(set(self.hidden)) == 1
        hidden = f"{self.hidden[0]}×{len(self.hidden)}" if short else "-".join(map(str, self.hidden))
        extras = [self.activation] * (self.activation != "relu") + ["batch norm"] * (self.normalization == "batch")
        return " ".join([f"{INPUTS}-{hidden}-{CLASSES}", *extras, self.optimizer, f"B={self.batch}"])

    @property
    def widths(self) -> tuple[int, ...]:
        """Return the widths of all layers, with those of input and output."""
        return (INPUTS, *self.hidden, CLASSES)

    @property
    def steps(self) -> int:
        """Return the number of whole batches in an epoch."""
        return IMAGES // self.batch

    @property
    def product_flops(self) -> float:
        """Return the operations of the dense matrix products of a step: forward, dw, and dx above the first layer."""
        pairs = zip(self.widths, self.widths[1:], strict=False)
        return sum(2.0 * self.batch * d * m * (2 if layer == 0 else 3) for layer, (d, m) in enumerate(pairs))

    def trial(self, backend: str) -> Trial:
        """Return the trial that trains by this recipe on all training images."""
        return Trial(
            hidden=self.hidden,
            optimizer=self.optimizer,  # type: ignore[arg-type]
            learning_rate=self.learning_rate,
            batch_size=self.batch,
            activation=self.activation,  # type: ignore[arg-type]
            normalization=self.normalization,  # type: ignore[arg-type]
            val_size=0,
            backend=backend,  # type: ignore[arg-type]
        )


RECIPES = (
    Recipe((64, 64), "sgd", 0.1, 128),
    Recipe((128, 64), "adam", 0.001, 32),
    Recipe((128, 64), "adam", 0.001, 128),
    Recipe((512, 512), "adam", 0.001, 128),
    Recipe((30,), "sgd", 0.5, 10, activation="sigmoid"),
    Recipe((64,) * 8, "adam", 0.001, 128, normalization="batch"),
)
