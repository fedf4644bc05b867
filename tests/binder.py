"""Binder's image without Docker: `python tests/binder.py [--write]`.

repo2docker, which Binder builds with, says what it would do with this folder, and its own list which packages every
image starts from. An environment with just these is made; in it is done what the image would do: install the
requirements, run postBuild in a copy of the course, then all notebooks, whose outputs postBuild has cleared. `--write`
keeps the result in tests/VERSIONS.md.
"""

import datetime
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from versions import COURSE, fresh_environment, installed, interpreter, keep

SHOWN = ("jupyterlab", "ipywidgets", "ipykernel", "notebook", "numpy", "matplotlib")
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "__pycache__", "progress*.json", ".progress*")


def dockerfile():
    """What repo2docker says of this folder: the Python that it takes, then its Dockerfile."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", COURSE]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout


def base(python="3.13"):
    """{package: version} of the image before this course comes: repo2docker's own list for this Python."""
    conda = Path(metadata.distribution("jupyter-repo2docker").locate_file("repo2docker/buildpacks/conda"))
    locked = (conda / f"environment.py-{python}-linux-64.lock").read_text(encoding="utf-8")
    found = re.findall(r"^https://\S+/([a-z][^/\s]*)-([\d.]+)-[^-\s]+\.conda", locked, re.MULTILINE)
    return {name.removesuffix("-core").removesuffix("-base"): version for name, version in found}


def build(folder):
    """The Python of an environment as Binder's, and the copy of the course in which postBuild has run."""
    python = fresh_environment(interpreter("3.13"), folder / "environment")
    (folder / "base.txt").write_text("\n".join(f"{name}=={version}" for name, version in base().items()))
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", folder / "base.txt", "jupyterlab", "notebook", "ipywidgets", "ipykernel"], check=True)
    copy = shutil.copytree(COURSE, folder / "course", ignore=NOT_COPIED)
    subprocess.run([*pip, "-r", "binder/requirements.txt"], cwd=copy, check=True)
    path = os.pathsep.join([str(python.parent), os.environ["PATH"]])
    subprocess.run(["binder/postBuild"], cwd=copy, env=os.environ | {"PATH": path}, check=True)
    return python, copy


def main():
    image = dockerfile()
    for line in re.findall(r"^(?:RUN .*(?:requirements|postBuild).*|Building .*)$", image, re.MULTILINE):
        print(line)
    with tempfile.TemporaryDirectory() as name:
        python, copy = build(Path(name))
        # refresh.py runs every notebook and stops at the first cell that fails
        subprocess.run([python, "tests/refresh.py"], cwd=copy, check=True)
        n_notebooks = len(list((copy / "notebooks").glob("*.ipynb")))
        found = installed(python, SHOWN)
    print(found)
    if "--write" in sys.argv:
        head = ["repo2docker", "Python", *SHOWN, "notebooks without an error", "run on"]
        row = [metadata.version("jupyter-repo2docker"), "3.13", *found.values(), n_notebooks]
        rows = (head, ["---"] * len(head), [*row, f"{datetime.date.today()}, {platform.system()}"])
        keep("binder", "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows))


if __name__ == "__main__":
    main()
