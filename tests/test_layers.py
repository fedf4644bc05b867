"""Who may know whom: read from the source, wherever in it an import stands."""

import ast
import sys
from pathlib import Path

import pytest

import gdhelpers

NUMPY = {"numpy"}
FLOORS = {  # module: what it may import besides the standard library
    "problems": NUMPY,
    "optimizers": NUMPY,
    "descent": NUMPY,
    "datasets": NUMPY,
    "progress": set(),
    "summary": set(),
    "order": set(),
    "arguments": NUMPY,
    "plots": NUMPY | {"matplotlib"},
    "live": NUMPY | {"matplotlib", "ipywidgets"},
    "lessons": NUMPY | {"matplotlib", "ipywidgets"},
    "widgets": NUMPY | {"matplotlib", "ipywidgets", "traitlets", "IPython"},
    "server": {"jupyter_server"},
}
BELOW = {  # module: the modules of the package it may import
    "problems": set(),
    "optimizers": set(),
    "descent": set(),
    "datasets": set(),
    "progress": set(),
    "summary": set(),
    "arguments": {"problems", "descent"},
    "plots": {"arguments", "problems", "optimizers", "descent", "datasets"},
    "live": {"arguments", "plots"},
    "lessons": {"arguments", "problems", "optimizers", "descent", "datasets", "progress", "plots", "live", "lessons"},
    "widgets": {"arguments", "problems", "optimizers", "descent", "datasets", "plots", "live", "lessons", "widgets"},
    "server": set(),
    "order": {"progress"},
    "__init__": {"order"},
}
PACKAGE = Path(gdhelpers.__file__).parent
EVERY_MODULE = pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)


def floor(path):
    """The module, or the folder of modules, that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree):
    """The full dotted name of everything imported, `from a import b` as "a.b", wherever it stands."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = ".".join(filter(None, ["gdhelpers" if node.level else None, node.module]))
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def used(tree):
    """The dotted name of every attribute and name used: "np.random.seed"."""
    return {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)}


def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def faults(module, tree):
    """What this module does that it must not, each as a few words."""
    names, found = imported(tree), []
    for name in names:
        top, _, rest = name.partition(".")
        if top == "gdhelpers":
            if rest.partition(".")[0] not in BELOW.get(module, set()):
                found.append(f"imports {name}, which is not below it")
        elif top not in sys.stdlib_module_names and top not in FLOORS.get(module, set()):
            found.append(f"imports {name}")
        if name.startswith(("matplotlib.pyplot", "pylab", "matplotlib.pylab", "ipympl")):
            found.append(f"imports {name}")
        if name.startswith("ipywidgets.") and name.rpartition(".")[2] in ("Output", "interact", "interactive_output"):
            found.append(f"imports {name}")
        if name.startswith("numpy.random.") and name != "numpy.random.Generator":
            found.append(f"imports {name}: randomness is an argument")
        if name == "random" or name.startswith("random."):
            found.append("imports random: randomness is an argument")
        if name.endswith(".*"):
            found.append(f"imports everything with {name}")
    for name in used(tree):
        head, _, last = name.rpartition(".")
        if last in ("Output", "interact", "interactive", "interactive_output", "interact_manual") and (
            head.endswith("widgets")
        ):
            found.append(f"uses {name}")
        if head in ("np.random", "numpy.random") and last not in ("Generator", "default_rng"):
            found.append(f"uses {name}: randomness is an argument")
    return found


@EVERY_MODULE
def test_module_imports_downward_only_and_no_pyplot_and_no_global_random_numbers(path):
    assert faults(floor(path), parse(path)) == []


def test_the_four_lowest_floors_are_there():
    assert {"problems", "optimizers", "descent", "datasets"} <= {path.stem for path in PACKAGE.glob("*.py")}


@EVERY_MODULE
def test_every_module_has_its_floor(path):
    assert floor(path) in BELOW


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("problems", "from gdhelpers import descent"),
        ("problems", "from .descent import descend"),
        ("problems", "import gdhelpers.descent"),
        ("problems", "from . import optimizers"),
        ("descent", "import scipy.optimize"),
        ("optimizers", "import matplotlib"),
        ("datasets", "def f():\n    import sklearn.datasets"),
        ("plots", "import matplotlib.pyplot as plt"),
        ("plots", "from matplotlib import pyplot"),
        ("plots", "import ipywidgets"),
        ("plots", "from gdhelpers.widgets import explorer"),
        ("plots", "from gdhelpers.live import LivePicture"),
        ("live", "import ipympl"),
        ("live", "from gdhelpers.lessons import predict"),
        ("lessons", "from gdhelpers.widgets import explorer"),
        ("widgets", "from ipywidgets import interact"),
        ("widgets", "import ipywidgets as widgets\nwidgets.Output()"),
        ("widgets", "import ipywidgets\nipywidgets.interact(print)"),
        ("problems", "import numpy as np\nnp.random.seed(0)"),
        ("datasets", "import numpy as np\nx = np.random.normal(0, 1, 5)"),
        ("datasets", "from numpy.random import rand"),
        ("datasets", "import random"),
        ("progress", "import numpy as np"),
        ("progress", "from gdhelpers import lessons"),
        ("datasets", "from numpy import *"),
    ],
)
def test_forbidden_lines_are_found(module, line):
    assert faults(module, ast.parse(line))


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("problems", "import math\nfrom collections.abc import Callable\nimport numpy as np"),
        ("datasets", "import numpy as np\nisinstance(x, np.random.Generator) and np.random.default_rng(0)"),
        ("plots", "from matplotlib.figure import Figure\nfrom gdhelpers.problems import LeastSquares"),
        ("live", "from matplotlib.figure import Figure\nimport ipywidgets as widgets\nwidgets.Image()"),
        ("widgets", "from gdhelpers.live import LivePicture\nfrom . import plots, problems"),
    ],
)
def test_allowed_lines_are_allowed(module, line):
    assert faults(module, ast.parse(line)) == []
