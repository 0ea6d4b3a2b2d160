"""Write torch_parity.json: what PyTorch's autograd and optimizers make of small networks, in float64.

Run it with PyTorch installed, after a choice or a network was added: ``python tests/kernels/make_torch_parity.py``.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from small_networks import KEY, setting

from harness.check.network_checks import NETWORKS
from kernels import layout, numpy_backend
from kernels.choices import ACTIVATIONS, LOSSES, NORMALIZATIONS

FILE = Path(__file__).with_name("torch_parity.json")
F = torch.nn.functional
ACTIVATED = {
    "sigmoid": lambda z, _: torch.sigmoid(z),
    "tanh": lambda z, _: torch.tanh(z),
    "relu": lambda z, _: torch.relu(z),
    "leaky_relu": F.leaky_relu,
    "identity": lambda z, _: z,
    "softsign": lambda z, _: F.softsign(z),
    "gelu": lambda z, _: F.gelu(z, approximate="tanh"),
}


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
            norm = NORMALIZATIONS[net.normalization]
            if norm == "batch":
                z = F.batch_norm(z, *self.running[layer], self.gammas[layer], self.betas[layer], True, 0.1, 1e-5)
            elif norm == "layer":
                z = F.layer_norm(z, z.shape[1:], self.gammas[layer], self.betas[layer], 1e-5)
            if net.residual and layer > 0 and x.shape == z.shape:
                z = z + x
            x = self.drop(self.activate(z), net.dropout, step, layer + 1)
        z, labels = x @ self.weights[-1] + self.biases[-1], torch.tensor(images.labels[rows].astype(np.int64))
        if LOSSES[net.loss] == "cross_entropy":
            return F.cross_entropy(z, labels)
        targets = (F.one_hot(labels, z.shape[1]) if z.shape[1] > 1 else labels[:, None]).double()
        if LOSSES[net.loss] == "binary_cross_entropy":
            return F.binary_cross_entropy_with_logits(z, targets, reduction="sum") / len(rows)
        assert LOSSES[net.loss] == "mse"
        return F.mse_loss(torch.sigmoid(z), targets, reduction="sum") / (2 * len(rows))

    def activate(self, z):
        net = self.setting.network
        return ACTIVATED[ACTIVATIONS[net.activation]](z, net.alpha)

    def drop(self, x, rate, step, layer):
        if rate == 0:
            return x
        mask = np.empty(tuple(x.shape), np.uint8)
        numpy_backend.dropout_mask(mask, KEY, step, layer, rate)
        return x * torch.tensor(mask) / (1 if self.setting.network.scaled_dropout else 1 - rate)

    def flat(self, part) -> list[float]:
        """Parameters or their gradients as one buffer in the order of ours."""
        buffer = np.zeros(self.setting.network.parameters)
        views = (layout.weight, layout.bias, layout.gamma, layout.beta)
        for view, leaves in zip(views, (self.weights, self.biases, self.gammas, self.betas), strict=True):
            for layer, leaf in enumerate(leaves):
                view(buffer, self.setting.network, layer)[...] = part(leaf).detach().numpy()
        return buffer.tolist()

    def groups(self, decay=0.0):
        return [
            {"params": self.weights, "weight_decay": decay},
            {"params": [*self.biases, *self.gammas, *self.betas], "weight_decay": 0.0},
        ]


def gradients(name: str) -> dict[str, Any]:
    """Loss, gradients and running statistics of a network that `harness check` looks at."""
    choices = dict(NETWORKS[name])
    s = setting(choices.pop("widths"), **choices)
    twin = Twin(s)
    loss = twin.loss(s.rows, step=4)
    loss.backward()
    found = {"loss": loss.item(), "gradients": twin.flat(lambda leaf: leaf.grad)}
    if s.network.over_the_batch:
        means, variances = zip(*twin.running, strict=True)
        found |= {"running_mean": torch.cat(means).tolist(), "running_variance": torch.cat(variances).tolist()}
    return found


def averaging_momentum(groups):
    """The tutorial's (1 - β) form is PyTorch's dampening, once its first velocity is 0 as ours."""
    made = torch.optim.SGD(groups, lr=RATE, momentum=0.9, dampening=0.9)
    for group in made.param_groups:
        for leaf in group["params"]:
            made.state[leaf]["momentum_buffer"] = torch.zeros_like(leaf)
    return made


class Lion(torch.optim.Optimizer):
    """Algorithm 2 of Chen et al. 2023, which PyTorch does not have."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for leaf in group["params"]:
                momentum = self.state[leaf].setdefault("momentum", torch.zeros_like(leaf))
                direction = torch.lerp(leaf.grad, momentum, 0.9).sign()
                leaf.sub_(group["lr"] * (direction + group["weight_decay"] * leaf))
                momentum.lerp_(leaf.grad, 1 - 0.99)


# With an epsilon this small it does not matter where it stands: PyTorch has no RMSprop with epsilon below the root.
TRAINED: list[tuple[dict[str, Any], Any]] = [
    ({"rule": "sgd"}, lambda groups: torch.optim.SGD(groups, lr=RATE)),
    ({"rule": "ema_momentum"}, averaging_momentum),
    ({"rule": "momentum"}, lambda groups: torch.optim.SGD(groups, lr=RATE, momentum=0.9)),
    ({"rule": "nesterov"}, lambda groups: torch.optim.SGD(groups, lr=RATE, momentum=0.9, nesterov=True)),
    ({"rule": "adagrad", "epsilon": 0.01}, lambda groups: torch.optim.Adagrad(groups, lr=RATE, eps=0.01)),
    ({"rule": "rmsprop", "epsilon": 1e-40}, lambda groups: torch.optim.RMSprop(groups, RATE, 0.9, eps=1e-20)),
    (
        {"rule": "rmsprop", "epsilon": 0.01, "eps_outside": True},
        lambda groups: torch.optim.RMSprop(groups, RATE, 0.9, eps=0.01),
    ),
    ({"rule": "adam", "epsilon": 0.01}, lambda groups: torch.optim.Adam(groups, lr=RATE, eps=0.01)),
    ({"rule": "adamw", "epsilon": 0.01}, lambda groups: torch.optim.AdamW(groups, lr=RATE, eps=0.01)),
    ({"rule": "lion"}, lambda groups: Lion(groups, {"lr": RATE})),
]
"""What our update rule is made from, and PyTorch's of the same equations."""
RATE = 0.05
TRAINING = {
    "widths": [6, 7, 7, 3], "images": 18, "normalization": "layer", "residual": True, "dropout": 0.2,
    "activation": "tanh", "batch_size": 5, "epochs": 5, "rate": RATE, "decay": 0.03,
}  # fmt: skip
"""With weight decay (on weights only), a partial batch at the end of each epoch, norm, skips and dropout."""
CLIPPED = {"widths": [6, 7, 3], "steps": 20, "rate": RATE, "clip_norm": 0.1}


def trained(rule: dict[str, Any], make: Any) -> list[float]:
    """Parameters after the epochs of TRAINING."""
    how = dict(TRAINING)
    batch, epochs, decay = (how.pop(name) for name in ("batch_size", "epochs", "decay"))
    del how["rate"]
    s = setting(tuple(how.pop("widths")), layout.optimizer(**rule), **how)
    twin = Twin(s)
    theirs, step = make(twin.groups(decay)), 0
    for _ in range(epochs):
        for start in range(0, len(s.rows), batch):
            theirs.zero_grad()
            twin.loss(s.rows[start : start + batch], step=step).backward()
            theirs.step()
            step += 1
    return twin.flat(lambda leaf: leaf)


def clipped() -> list[float]:
    """Parameters after the steps of CLIPPED; PyTorch adds 1e-6 to the norm, so its steps are that much shorter."""
    s = setting(tuple(CLIPPED["widths"]))
    twin = Twin(s)
    theirs = torch.optim.SGD(twin.groups(), lr=RATE)
    for _ in range(CLIPPED["steps"]):
        theirs.zero_grad()
        twin.loss(s.rows).backward()
        leaves = [leaf for group in twin.groups() for leaf in group["params"]]
        torch.nn.utils.clip_grad_norm_(leaves, CLIPPED["clip_norm"])
        theirs.step()
    return twin.flat(lambda leaf: leaf)


def parity() -> dict[str, Any]:
    """All that torch_parity.json holds."""
    return {
        "made_by": "tests/kernels/make_torch_parity.py",
        "torch": torch.__version__,
        "networks": {name: gradients(name) for name in NETWORKS},
        "training": TRAINING,
        "trained": [{"rule": rule, "parameters": trained(rule, make)} for rule, make in TRAINED],
        "clipping": CLIPPED,
        "clipped": clipped(),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(parity(), separators=(",", ":")).replace('],"', '],\n"') + "\n")
