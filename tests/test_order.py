"""A cell that is run too early says which one to run first."""

import os

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from gdhelpers.order import what_to_run_first

CELLS = [
    'import sys\n\nsys.path.insert(0, "..")\nimport numpy as np\nfrom gdhelpers.datasets import houses',
    "size, price = houses()",
    "%matplotlib inline",
    "def loss(w, b):\n    errors = w * size + b - price\n    return (errors**2).mean()",
    "for step in range(3):\n    w = step\n[inner for inner in size]",
    "loss(0.1, 100)",
]


@pytest.mark.parametrize(
    ("name", "first_line"),
    [
        ("sys", "import sys"),
        ("np", "import sys"),
        ("houses", "import sys"),
        ("price", "size, price = houses()"),
        ("loss", "def loss(w, b):"),
        ("step", "for step in range(3):"),
        ("w", "for step in range(3):"),
    ],
)
def test_names_the_cell_that_makes_it(name, first_line):
    said = what_to_run_first(name, CELLS)
    assert said.startswith(f"{name} is not there yet. It is made by the cell that begins with: {first_line}\n")
    assert "Run that cell first" in said


@pytest.mark.parametrize("name", ["numpy", "errors", "inner", "typo", "matplotlib"])
def test_leaves_to_python_what_no_cell_makes(name):
    assert what_to_run_first(name, CELLS) is None


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (5, "loss is not there yet. It is made by the cell that begins with: def loss(w, b):"),
        (1, "houses is not there yet. It is made by the cell that begins with: import sys"),
        ("los(0.1, 100)", "name 'los' is not defined"),
        ("1 / 0", "division by zero"),
    ],
)
def test_kernel_says_it_in_one_sentence_even_before_the_imports(tmp_path, cell, words):
    """As in JupyterLab: the kernel is told the notebook's name, and nothing of the course has been imported."""
    sources = CELLS if isinstance(cell, int) else [*CELLS, cell]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbformat.write(notebook, tmp_path / "lesson.ipynb")
    client = NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}})
    with client.setup_kernel(env={**os.environ, "JPY_SESSION_NAME": str(tmp_path / "lesson.ipynb")}):
        number = cell if isinstance(cell, int) else len(CELLS)
        with pytest.raises(CellExecutionError):
            client.execute_cell(notebook.cells[number], number)
    (error,) = notebook.cells[number].outputs
    shown = "\n".join(error.traceback)
    assert words in shown
    assert isinstance(cell, str) or "Traceback" not in shown
