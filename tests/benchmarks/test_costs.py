"""What the course costs: to install, to run from top to bottom, and how a walk's time grows with its size.

Not part of the plain run: `python -m pytest tests/benchmarks -n 0 --benchmark-only -s`.
"""

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from refresh import NOTEBOOKS, executed
from threadpoolctl import threadpool_limits

from gdhelpers.descent import descend
from gdhelpers.optimizers import GradientDescent
from gdhelpers.problems import LeastSquares

COURSE = NOTEBOOKS.parent
MOST_SECONDS = {"05_three_types": 60, "06_deep_learning": 60, "07_local_minima": 60}  # the others 20
MOST_MEGABYTES = 500


def seconds(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def show(title, rows):
    print(f"\n{title}")
    for name, value in rows.items():
        print(f"{name:28}{value}")


def test_every_notebook_runs_in_a_lesson_s_pause(benchmark):
    """From the start of its kernel to its last cell."""
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    found = benchmark.pedantic(lambda: {path.stem: seconds(partial(executed, path)) for path in paths}, rounds=1)
    show("run all cells", {name: f"{value:8.1f} s" for name, value in found.items()})
    assert [name for name, value in found.items() if value > MOST_SECONDS.get(name, 20)] == []


def test_what_is_installed(benchmark, tmp_path):
    """The README's first command, in an environment of its own; packages that pip has kept are not loaded again."""
    python = tmp_path / "bin/python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path], check=True)
    before = size(tmp_path)
    command = [python, "-m", "pip", "install", "--quiet", "--requirement", COURSE / "requirements.txt"]
    took = benchmark.pedantic(lambda: seconds(lambda: subprocess.run(command, check=True, cwd=COURSE)), rounds=1)
    megabytes = (size(tmp_path) - before) / 1e6
    show("install", {"time": f"{took:8.0f} s", "on disk": f"{megabytes:8.0f} MB"})
    assert megabytes < MOST_MEGABYTES


def size(folder):
    return sum(path.lstat().st_size for path in Path(folder).rglob("*") if path.is_file())


# How time grows: the slope of log(time) over log(size). 1: twice as much takes twice as long.


def random_problem(n_rows, n_params):
    rng = np.random.default_rng(0)
    return LeastSquares(rng.normal(size=(n_rows, n_params)), rng.normal(size=n_rows))


def gradient_of(n_rows, n_params):
    problem, params = random_problem(n_rows, n_params), np.zeros(n_params)
    return lambda: problem.gradient(params)


def walk_of(n_steps):
    problem = random_problem(100, 2)
    return lambda: descend(problem, (0, 0), GradientDescent(0.01), n_steps)


GROWTH = {
    "rows, one gradient": (lambda n: gradient_of(n, 20), [20_000, 40_000, 80_000, 160_000, 320_000]),
    "parameters, one gradient": (lambda d: gradient_of(10_000, d), [100, 200, 400, 800, 1600]),
    "steps, one walk": (walk_of, [2_000, 4_000, 8_000, 16_000, 32_000]),
}


@pytest.mark.parametrize("what", GROWTH)
def test_time_grows_in_proportion_to(what, benchmark):
    make, sizes = GROWTH[what]

    def measure():
        works = [make(size) for size in sizes]
        return [min(seconds(work) for _ in range(7)) for work in works]

    with threadpool_limits(1):  # a second thread joins from some size on, and bends the line
        times = benchmark.pedantic(measure, rounds=1)
    slope = np.polyfit(np.log(sizes), np.log(times), 1)[0]
    show(f"time over {what}", {f"{n:,}": f"{1000 * t:8.2f} ms" for n, t in zip(sizes, times, strict=True)})
    print(f"slope {slope:.2f}")
    assert 0.8 < slope < 1.25
