"""Run the notebooks again and write them in their one normal form: `python tests/refresh.py [name ...]`.

Stored are the outputs in order, text and pictures; not stored are times, widget state and views (a stored view opens as
"model not found"), a picture's second form as HTML, and what differs from machine to machine.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
os.environ["GDHELPERS_PROGRESS"] = "off"  # what somebody did in a notebook is no part of it
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


def executed(path, folder=None, rounds=1):
    """The notebook at `path`, run `rounds` times in one kernel that starts in `folder`; a list, one for each round."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(folder or path.parent)}}
    client = NotebookClient(notebook, timeout=120, resources=resources, record_timing=False, store_widget_state=False)
    results = []
    with client.setup_kernel():
        for _ in range(rounds):
            client.code_cells_executed = 0
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
            results.append(normalised(notebook))
    return results


def normalised(notebook):
    """A copy in normal form, cells counted from 1."""
    notebook = nbformat.from_dict(notebook)
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    count = 0
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in ("tags", "jupyter") if cell.metadata.get(key)}
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.outputs = _merged(cell.outputs)
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
            data = output.get("data", {})
            data.pop(WIDGET_VIEW, None)
            if "image/png" in data:
                data.pop("text/html", None)
    return notebook


def _merged(outputs):
    """Printed lines arrive in pieces, cut where the clock says: join neighbours of one stream."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else {}
        if output.output_type == "stream" and output.name == last.get("name"):
            last.text += output.text
        else:
            merged.append(output)
    return merged


def main(names):
    paths = sorted(path for path in NOTEBOOKS.glob("*.ipynb") if not names or path.stem in names)
    if not paths:
        sys.exit(f"no notebook is called {' or '.join(names)}; there are {sorted(p.stem for p in NOTEBOOKS.glob('*'))}")
    for path in paths:
        nbformat.write(executed(path)[0], path)
        print("refreshed", path.name)


if __name__ == "__main__":
    main(sys.argv[1:])
