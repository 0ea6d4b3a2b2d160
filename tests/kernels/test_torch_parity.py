"""An independent opinion: PyTorch's autograd and optimizers compute the same, in float64."""

import numpy as np
import pytest

from harness.check.network_checks import NETWORKS
from kernels import layout, numpy_backend
from kernels.layout import optimizer

torch = pytest.importorskip("torch", reason="the independent opinion is PyTorch's, of the extra `peers`")
F = torch.nn.functional

KEY, RATE, DECAY = np.uint64(7), 0.05, 0.03
HINGES = {"relu": torch.relu, "leaky_relu": None, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "identity": lambda z: z}


class Twin:
    """The same network in PyTorch's terms; only the masks of dropout are ours."""

    def __init__(self, setting):
        self.setting, net = setting, setting.network
        self.layers = range(len(net.widths) - 1)
        self.normalized = net.normalization != layout.NO_NORM

        def leaves(view, layers):
            return [torch.tensor(view(setting.state.parameters, net, i).copy(), requires_grad=True) for i in layers]

        hidden = self.layers[:-1] if self.normalized else []
        self.weights, self.biases = leaves(layout.weight, self.layers), leaves(layout.bias, self.layers)
        self.gammas, self.betas = leaves(layout.gamma, hidden), leaves(layout.beta, hidden)
        widths = [int(width) for width in net.widths[1:-1]]
        self.running = [(torch.zeros(m, dtype=torch.float64), torch.ones(m, dtype=torch.float64)) for m in widths]

    def loss(self, rows, step=0):
        net, images = self.setting.network, self.setting.images
        x = self.drop(torch.tensor(images.pixels[rows] / 255), net.input_dropout, step, 0)
        for layer in self.layers[:-1]:
            z = x @ self.weights[layer] + self.biases[layer]
            if net.normalization == layout.BATCH_NORM:
                z = F.batch_norm(z, *self.running[layer], self.gammas[layer], self.betas[layer], True, 0.1, 1e-5)
            elif net.normalization == layout.LAYER_NORM:
                z = F.layer_norm(z, z.shape[1:], self.gammas[layer], self.betas[layer], 1e-5)
            if net.residual and layer > 0 and x.shape == z.shape:
                z = z + x
            x = self.drop(self.activate(z), net.dropout, step, layer + 1)
        z, labels = x @ self.weights[-1] + self.biases[-1], torch.tensor(images.labels[rows].astype(np.int64))
        if net.loss == layout.CROSS_ENTROPY:
            return F.cross_entropy(z, labels)
        targets = (F.one_hot(labels, z.shape[1]) if z.shape[1] > 1 else labels[:, None]).double()
        if net.loss == layout.BINARY_CROSS_ENTROPY:
            return F.binary_cross_entropy_with_logits(z, targets, reduction="sum") / len(rows)
        return F.mse_loss(torch.sigmoid(z), targets, reduction="sum") / (2 * len(rows))

    def activate(self, z):
        name = layout.ACTIVATIONS[self.setting.network.activation]
        return F.leaky_relu(z, self.setting.network.alpha) if name == "leaky_relu" else HINGES[name](z)

    def drop(self, x, rate, step, layer):
        if rate == 0:
            return x
        mask = np.empty(tuple(x.shape), np.uint8)
        numpy_backend.dropout_mask(mask, KEY, step, layer, rate)
        return x * torch.tensor(mask) / (1 if self.setting.network.scaled_dropout else 1 - rate)

    def flat(self, part):
        """Parameters or their gradients as one buffer in the order of ours."""
        buffer = np.zeros(self.setting.network.parameters)
        views = (layout.weight, layout.bias, layout.gamma, layout.beta)
        for view, leaves in zip(views, (self.weights, self.biases, self.gammas, self.betas), strict=True):
            for layer, leaf in enumerate(leaves):
                view(buffer, self.setting.network, layer)[...] = part(leaf).detach().numpy()
        return buffer

    def groups(self, decay=0.0):
        return [
            {"params": self.weights, "weight_decay": decay},
            {"params": [*self.biases, *self.gammas, *self.betas], "weight_decay": 0.0},
        ]


@pytest.mark.parametrize("name", NETWORKS)
def test_loss_and_all_gradients_are_those_of_autograd(gradient, setting, name):
    choices = dict(NETWORKS[name])
    s = setting(choices.pop("widths"), **choices)
    twin = Twin(s)
    wanted = twin.loss(s.rows, step=4)
    wanted.backward()
    loss, gradients = gradient(s, s.rows, step=4)
    np.testing.assert_allclose(loss, wanted.item(), rtol=1e-13)
    np.testing.assert_allclose(gradients, twin.flat(lambda leaf: leaf.grad), rtol=1e-10, atol=1e-13)
    if s.network.normalization == layout.BATCH_NORM:
        ours = s.state.running_mean, s.state.running_variance
        for mine, theirs in zip(ours, zip(*twin.running, strict=True), strict=True):
            np.testing.assert_allclose(mine, torch.cat(theirs).numpy(), rtol=1e-12, atol=1e-14)


def averaging_momentum(groups):
    """The tutorial's (1 - β) form is PyTorch's dampening, once its first velocity is 0 as ours."""
    made = torch.optim.SGD(groups, lr=RATE, momentum=0.9, dampening=0.9)
    for group in made.param_groups:
        for leaf in group["params"]:
            made.state[leaf]["momentum_buffer"] = torch.zeros_like(leaf)
    return made


# With an epsilon this small it does not matter where it stands: PyTorch has no RMSprop with epsilon below the root.
OPTIMIZERS = {
    "sgd": (optimizer("sgd"), lambda groups: torch.optim.SGD(groups, lr=RATE)),
    "ema_momentum": (optimizer("ema_momentum"), averaging_momentum),
    "momentum": (optimizer("momentum"), lambda groups: torch.optim.SGD(groups, lr=RATE, momentum=0.9)),
    "nesterov": (optimizer("nesterov"), lambda groups: torch.optim.SGD(groups, lr=RATE, momentum=0.9, nesterov=True)),
    "adagrad": (optimizer("adagrad", epsilon=0.01), lambda groups: torch.optim.Adagrad(groups, lr=RATE, eps=0.01)),
    "rmsprop": (optimizer("rmsprop", epsilon=1e-40), lambda groups: torch.optim.RMSprop(groups, RATE, 0.9, eps=1e-20)),
    "rmsprop, epsilon outside": (
        optimizer("rmsprop", epsilon=0.01, eps_outside=True),
        lambda groups: torch.optim.RMSprop(groups, RATE, 0.9, eps=0.01),
    ),
    "adam": (optimizer("adam", epsilon=0.01), lambda groups: torch.optim.Adam(groups, lr=RATE, eps=0.01)),
    "adamw": (optimizer("adamw", epsilon=0.01), lambda groups: torch.optim.AdamW(groups, lr=RATE, eps=0.01)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_steps_of_training_are_those_of_pytorch(steps, setting, name):
    """With weight decay (on weights only), a partial batch at the end of each epoch, norm, skips and dropout."""
    rule, make = OPTIMIZERS[name]
    choices = {"normalization": "layer", "residual": True, "dropout": 0.2, "activation": "tanh"}
    s = setting((6, 7, 7, 3), rule, images=18, **choices)
    twin = Twin(s)
    theirs = make(twin.groups(DECAY))
    for epoch in range(5):
        steps(s, s.rows, 5, rule, RATE, DECAY, first_step=4 * epoch)
        for i in range(4):
            theirs.zero_grad()
            twin.loss(s.rows[5 * i : 5 * i + 5], step=4 * epoch + i).backward()
            theirs.step()
    np.testing.assert_allclose(s.state.parameters, twin.flat(lambda leaf: leaf), rtol=1e-8, atol=1e-10)


def test_clipped_training_is_that_of_pytorch(steps, setting):
    """PyTorch adds 1e-6 to the norm that it divides by, so its steps are that much shorter."""
    s = setting((6, 7, 3))
    twin = Twin(s)
    theirs = torch.optim.SGD(twin.groups(), lr=RATE)
    steps(s, np.tile(s.rows, 20), 12, rate=RATE, clip_norm=0.1)
    for _ in range(20):
        theirs.zero_grad()
        twin.loss(s.rows).backward()
        torch.nn.utils.clip_grad_norm_([leaf for group in twin.groups() for leaf in group["params"]], 0.1)
        theirs.step()
    np.testing.assert_allclose(s.state.parameters, twin.flat(lambda leaf: leaf), rtol=0, atol=1e-6)
