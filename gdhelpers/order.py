"""When cells are run in a wrong order: instead of Python's traceback one sentence that says what to run first.

Jupyter's kernel loads this when it starts, by `kernel_config.json`, since the cell that was forgotten may be the very
one that imports gdhelpers; where the package is not installed, importing it does.
"""

import ast
import json
import sys
from contextlib import suppress

from gdhelpers import progress


def load_ipython_extension(shell):
    """Listen in this IPython shell. See the documentation of IPython's extensions."""
    shell.set_custom_exc((NameError,), _explain)


def listen():
    """Listen in the shell that runs here, if one does."""
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    if shell:
        load_ipython_extension(shell)


def what_to_run_first(name, cells):
    """One sentence on the cell that makes this name, out of these sources; None when no cell does."""
    for source in cells:
        with suppress(SyntaxError, ValueError):
            if name in _names_made(ast.parse(source).body):
                first = next(line for line in source.splitlines() if line.strip())
                return (
                    f"{name} is not there yet. It is made by the cell that begins with: {first:.70}\n"
                    "Run that cell first; or choose Run > Run All Above Selected Cell, then run this one again."
                )
    return None


def _explain(shell, kind, error, trace, tb_offset=None):
    said = error.name and what_to_run_first(error.name, _cells())
    if said:
        error._render_traceback_ = lambda: [said]  # IPython asks an error for its own words
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def _cells():
    """The sources of the code cells of the notebook that runs here, as it was last saved."""
    path = progress.path_of_this_notebook()
    try:
        notebook = json.loads(path.read_text(encoding="utf-8")) if path else {}
        cells = [cell for cell in notebook.get("cells", []) if cell["cell_type"] == "code"]
        return ["".join(cell["source"]) for cell in cells]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return []  # then Python's own words must do


def _names_made(statements):
    """The names that these statements give a value to; not those inside the functions that they define."""
    names = set()
    for node in statements:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            names |= _names_made(ast.iter_child_nodes(node))
    return names
