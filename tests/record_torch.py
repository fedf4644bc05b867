"""Writes torch_values.json: where PyTorch's own optimizers walk, for test_parity.py to compare with.

Needs PyTorch and nothing else, so it runs in an environment of its own: `python tests/record_torch.py`.
All gradients are PyTorch's, by automatic differentiation of the losses below, in float64.
"""

import json
from pathlib import Path

import torch

N_STEPS, RECORD_EVERY = 200, 20
START = {"quadratic": [4.0, -3.0], "rosenbrock": [-1.2, 1.0]}
HESSIAN, MINIMUM = [[3.0, 1.0], [1.0, 2.0]], [1.0, -2.0]  # of the quadratic; not 0, so that no parameter fades to 0

# The rates are small enough that no walk bounces: RMSprop with alpha 0.9 and lr 0.02 does so about the minimum of the
# quadratic, and then a start one rounding error away ends 1e-2 away, which leaves nothing to compare.
RUNS = [  # problem, optimizer of torch.optim, its options; what is not given is PyTorch's default
    ("quadratic", "SGD", {"lr": 0.02}),
    ("quadratic", "SGD", {"lr": 0.005, "momentum": 0.9}),
    ("quadratic", "SGD", {"lr": 0.005, "momentum": 0.9, "nesterov": True}),
    ("quadratic", "RMSprop", {"lr": 0.01}),
    ("quadratic", "RMSprop", {"lr": 0.01, "alpha": 0.9, "eps": 0.1}),
    ("quadratic", "Adam", {"lr": 0.02}),
    ("quadratic", "Adam", {"lr": 0.05, "betas": [0.8, 0.99], "eps": 0.001}),
    ("rosenbrock", "SGD", {"lr": 0.001}),
    ("rosenbrock", "SGD", {"lr": 0.0003, "momentum": 0.9}),
    ("rosenbrock", "SGD", {"lr": 0.0003, "momentum": 0.9, "nesterov": True}),
    ("rosenbrock", "RMSprop", {"lr": 0.002}),
    ("rosenbrock", "RMSprop", {"lr": 0.002, "alpha": 0.9, "eps": 1.0}),
    ("rosenbrock", "Adam", {"lr": 0.02}),
    ("rosenbrock", "Adam", {"lr": 0.05, "betas": [0.8, 0.99], "eps": 0.001}),
]


def quadratic(p):
    away = p - torch.tensor(MINIMUM, dtype=torch.float64)
    return 0.5 * away @ torch.tensor(HESSIAN, dtype=torch.float64) @ away


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


LOSSES = {"quadratic": quadratic, "rosenbrock": rosenbrock}


def walk(problem, optimizer, options):
    """The params at step 0 and at every 20th step."""
    params = torch.tensor(START[problem], dtype=torch.float64, requires_grad=True)
    stepper = getattr(torch.optim, optimizer)([params], **options)
    places = [params.tolist()]
    for step in range(1, N_STEPS + 1):
        stepper.zero_grad()
        LOSSES[problem](params).backward()
        stepper.step()
        if step % RECORD_EVERY == 0 or step == N_STEPS:
            places.append(params.tolist())
    return places


def record():
    runs = [
        {"problem": problem, "optimizer": optimizer, "options": options, "params": walk(problem, optimizer, options)}
        for problem, optimizer, options in RUNS
    ]
    return {
        "torch": torch.__version__,
        "n_steps": N_STEPS,
        "record_every": RECORD_EVERY,
        "hessian": HESSIAN,
        "minimum": MINIMUM,
        "runs": runs,
    }


if __name__ == "__main__":  # json writes a float as its repr, which reads back as the same float
    target = Path(__file__).with_name("torch_values.json")
    target.write_text(json.dumps(record(), indent=1) + "\n", encoding="utf-8")
