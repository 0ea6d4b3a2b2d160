"""What the training benchmark trains: networks, and how each is trained."""

from pathlib import Path
from typing import NamedTuple

from harness.spec import Trial

INPUTS, CLASSES, IMAGES = 784, 10, 60_000
MOMENTUM = 0.9  # of the rule of that name
STRETCH_STEPS, STRETCH_FLOPS = 500, 5e9


class Recipe(NamedTuple):
    """A fully connected network that ends in softmax and cross-entropy, and how it is trained."""

    hidden: tuple[int, ...]
    optimizer: str
    learning_rate: float
    batch: int
    activation: str = "relu"
    normalization: str = "none"
    dropout: float = 0.0
    weight_decay: float = 0.0  # decoupled, of weights alone: a step takes learning rate · weight decay · w
    dataset: str = "mnist"  # a name, or a folder

    @property
    def name(self) -> str:
        """Return its widths and what else sets it apart, as in ``784-64-64-10 sgd B=128``."""
        short = len(self.hidden) > 3 and len(set(self.hidden)) == 1
        hidden = f"{self.hidden[0]}×{len(self.hidden)}" if short else "-".join(map(str, self.hidden))
        extras = [self.activation] * (self.activation != "relu")
        extras += [f"{self.normalization} norm"] * (self.normalization != "none") + ["dropout"] * (self.dropout > 0)
        trained = [*extras, self.optimizer, f"B={self.batch}"]
        return " ".join([f"{INPUTS}-{hidden}-{CLASSES}", *trained, *[self.data_name] * (self.dataset != "mnist")])

    @property
    def data_name(self) -> str:
        """Return the dataset's name, which is that of the folder where one is given."""
        return Path(self.dataset).name

    @property
    def widths(self) -> tuple[int, ...]:
        """Return the widths of all layers, with those of input and output."""
        return (INPUTS, *self.hidden, CLASSES)

    @property
    def steps(self) -> int:
        """Return the number of whole batches in an epoch."""
        return IMAGES // self.batch

    @property
    def stretch(self) -> int:
        """Return the number of steps that are trained in one go, for a tenth of a second or so; at most an epoch."""
        return min(self.steps, STRETCH_STEPS, int(STRETCH_FLOPS / self.product_flops))

    @property
    def product_flops(self) -> float:
        """Return the operations of the dense matrix products of a step: forward, dw, and dx above the first layer."""
        pairs = zip(self.widths, self.widths[1:], strict=False)
        return sum(2.0 * self.batch * d * m * (2 if layer == 0 else 3) for layer, (d, m) in enumerate(pairs))

    def trial(self, backend: str) -> Trial:
        """Return the trial that trains by this recipe on all training images."""
        return Trial(
            dataset=self.dataset,
            hidden=self.hidden,
            optimizer=self.optimizer,  # type: ignore[arg-type]
            learning_rate=self.learning_rate,
            batch_size=self.batch,
            activation=self.activation,  # type: ignore[arg-type]
            normalization=self.normalization,  # type: ignore[arg-type]
            dropout=self.dropout,
            l2=self.weight_decay * IMAGES,
            val_size=0,
            backend=backend,  # type: ignore[arg-type]
        )


SIX = (
    Recipe((64, 64), "sgd", 0.1, 128),
    Recipe((128, 64), "adam", 0.001, 32),
    Recipe((128, 64), "adam", 0.001, 128),
    Recipe((512, 512), "adam", 0.001, 128),
    Recipe((30,), "sgd", 0.5, 10, activation="sigmoid"),
    Recipe((64,) * 8, "adam", 0.001, 128, normalization="batch"),
)
HELD = (
    Recipe((256, 256, 256), "adamw", 0.001, 64, normalization="layer", dropout=0.1, weight_decay=0.01),
    Recipe((1000,), "momentum", 0.05, 256, activation="tanh"),
    Recipe((300, 100), "adam", 0.001, 32),
)
"""Held back: no kernel was made or tuned for these."""


def groups(second: str | None) -> dict[str, tuple[Recipe, ...]]:
    """Return all that is trained: the six networks that goals are set for, those held back, and the latter once more
    on a `second` dataset, where there is one.
    """
    found = {"six": SIX, "held back": HELD}
    if second is not None:
        again = tuple(recipe._replace(dataset=second) for recipe in HELD)
        found[again[0].data_name] = again
    return found
