"""The sections of the tutorial as data: what is computed, printed and drawn of each; its claims are those of studies.

The tables of a section come from `tables()` in ``harness/tutorial/section_<number>.py``, its pictures from `PICTURES`
in ``harness/report/tutorial/pictures_<number>.py``; dots of the number are underscores there.
"""

from functools import cache
from typing import NamedTuple

from harness.errors import InputError, nearest
from harness.spec.shipped import find_study, read_toml, study_names


class Section(NamedTuple):
    """A section of the tutorial, or the list of its errata."""

    number: str
    title: str
    says: str
    """What is shown of it, in a sentence or two."""
    printed: tuple[str, ...] = ()
    """Tables that are printed, in the terminal and on the page; pictures may read others beside them."""
    pictures: tuple[str, ...] = ()
    studies: tuple[tuple[str, str], ...] = ()
    """Studies whose figure is shown where the results hold it, each with the form of the figure."""
    kernels: tuple[str, ...] = ()
    """What computes it, by the names of kernels."""

    @property
    def computed(self) -> bool:
        """Whether it has tables of its own."""
        return bool(self.printed or self.pictures)

    @property
    def module(self) -> str:
        """The number as names of modules have it."""
        return self.number.replace(".", "_")


SECTIONS = (
    Section(
        "1.1",
        "Perceptron",
        "A unit with a threshold. The line drawn in the tutorial, w = (1, 2), b = -1, does not separate its labels "
        "(see the errata); the learning rule finds one that does. On XOR the rule never stops.",
        printed=("points", "learning", "XOR", "passes_over_XOR"),
        pictures=("perceptron", "xor"),
        kernels=("perceptron_forward", "perceptron_epoch"),
    ),
    Section(
        "1.2",
        "Neuron",
        "A threshold unit with a smooth activation: the tutorial's two inputs, by hand and by the kernels.",
        printed=("numbers",),
        kernels=("affine_forward", "sigmoid_forward"),
    ),
    Section(
        "1.3",
        "Activation functions",
        "Four activation functions and their slopes. The largest slope to the power of 10 is what ten layers can leave "
        "of a gradient at best, weights of 1 assumed.",
        printed=("slopes",),
        pictures=("activations",),
        kernels=("sigmoid_forward", "sigmoid_backward", "tanh_forward", "tanh_backward", "relu_forward",
                 "relu_backward", "leaky_relu_forward", "leaky_relu_backward"),
    ),
    Section(
        "1.4",
        "Network architecture",
        "The shapes of the network 2-4-3-1, from where its parameters lie in the flat buffer.",
        printed=("numbers",),
        pictures=("network", "layer"),
        kernels=("affine_forward",),
    ),
    Section(
        "2.1",
        "Forward propagation",
        "The network 2-3-1, layer by layer. There samples stand as columns, W a + b; here they are rows, x w + b: "
        "the numbers are the same.",
        printed=("numbers",),
        pictures=("batch",),
        kernels=("affine_forward", "sigmoid_forward"),
    ),
    Section(
        "2.2",
        "Loss functions",
        "Squared error and cross-entropy of one sigmoid output whose target is 1: where the output is wrong and "
        "saturated, the gradient of the squared error is gone, that of cross-entropy is 1. And the loss of a trained "
        "network.",
        printed=("wrong_and_right",),
        pictures=("losses", "landscape"),
        kernels=("mse_forward", "mse_backward", "binary_cross_entropy_forward", "binary_cross_entropy_backward",
                 "cross_entropy_forward"),
    ),
    Section(
        "2.3",
        "Backpropagation",
        "Every intermediate derivative of the tutorial's examples, and the chain rule of (2x + 1)³ beside two "
        "measurements of the slope.",
        printed=("numbers", "chain_rule"),
        pictures=("graph", "descent"),
        kernels=("affine_forward", "affine_backward", "affine_backward_parameters", "sigmoid_backward", "mse_backward",
                 "binary_cross_entropy_backward"),
    ),
    Section(
        "3.1",
        "Universal approximation",
        "A sine by one hidden layer of random tanh units and the best output layer, by width.",
        printed=("deviations",),
        pictures=("approximation",),
        kernels=("tanh_forward",),
    ),
    Section("3.2", "Feature hierarchy", "What layers learn is asked in studies alone."),
    Section(
        "3.3",
        "Depth and width",
        "The two networks of the tutorial, counted. What depth is worth at an equal number of parameters is measured "
        "in a study.",
        printed=("numbers",),
        studies=(("depth_width", "response"),),
        kernels=("train_epoch", "adam_step"),
    ),
    Section(
        "4.1",
        "Weight initialization",
        "Where weights start, and what that does to the signal in ten layers.",
        pictures=("weights", "activations"),
        kernels=("affine_forward", "tanh_forward", "relu_forward"),
    ),
    Section(
        "4.2",
        "Optimization and batches",
        "Momentum in both forms on an ill-conditioned bowl, and schedules of the learning rate as they are applied.",
        pictures=("momentum", "schedules"),
        kernels=("sgd_step", "momentum_step", "ema_momentum_step"),
    ),
    Section(
        "4.3",
        "Normalization",
        "Batch norm and layer norm on one batch of real images.",
        pictures=("norms",),
        kernels=("batch_norm_forward", "layer_norm_forward"),
    ),
    Section(
        "4.4",
        "Regularization and dropout",
        "Overfitting on 1 000 images as it happens, and the masks that dropout draws.",
        pictures=("overfitting", "dropout"),
        kernels=("train_epoch", "evaluate", "dropout_mask"),
    ),
    Section(
        "5.1",
        "Handwritten digits",
        "The tutorial's network, 784-64-64-10, trained for ten epochs with its settings. The tutorial trains with all "
        "60 000 images and watches the test images from epoch to epoch; here 5 000 are set aside to be watched, so "
        "that the test images are read once, at the end. The study tutorial_network trains with all, as it does.",
        printed=("outcome",),
        pictures=("samples", "training", "predictions", "mistakes", "confusion"),
        kernels=("train_epoch", "evaluate"),
    ),
    Section(
        "5.2",
        "Exercises",
        "Exercise 1 is a number. Exercise 2 is the kernel of dropout and its study, exercise 3 the study of update "
        "rules, exercise 4 the weights of the first layer.",
        printed=("numbers",),
        pictures=("first-layer",),
        studies=(("dropout", "response"), ("optimizer", "curves")),
        kernels=("affine_forward", "sigmoid_forward"),
    ),
    Section(
        "errata",
        "Errata",
        "Where the tutorial errs or contradicts itself, each with its evidence, and where more of it is to be seen.",
        printed=("errata",),
        kernels=("perceptron_forward", "sigmoid_forward", "cross_entropy_forward", "sgd_step", "ema_momentum_step",
                 "momentum_step", "adam_step"),
    ),
)  # fmt: skip


def claims_of(section: Section) -> dict[str, list[str]]:
    """Return the studies that are shipped on a section by name, and the ids of what each claims."""
    return {name: claims for name, (number, claims) in _asked().items() if number == section.number}


@cache
def _asked() -> dict[str, tuple[str, list[str]]]:
    """Return the section of each study that is shipped, and the ids of its claims."""
    tables = {name: read_toml(find_study(name).data, name) for name in study_names()}
    return {
        name: (table.get("section", ""), [claim["id"] for claim in table.get("claims", [])])
        for name, table in tables.items()
    }


def find_section(number: str) -> Section:
    """Return the section of this number; raises InputError with the nearest one."""
    known = {section.number: section for section in SECTIONS}
    if number not in known:
        raise InputError(f"tutorial: no section '{number}'{nearest(number, known)}; known: {', '.join(known)}")
    return known[number]
