"""The course as a static site, for as many learners as a web server can give files to; Python runs in their browsers.

`python tests/lite.py site [folder]` builds it with JupyterLite (in build/lite, if no folder is named);
`python tests/lite.py load [learners]` serves it here, sees in Chromium which files it takes to open a lesson, has so
many learners at once fetch them all, and prints how long that took.

The site holds JupyterLab, the lessons, gdhelpers and ipywidgets. Python itself, NumPy and Matplotlib come from the
public server of Pyodide; or, with GDHELPERS_PYODIDE=folder, from an unpacked release of Pyodide, which becomes part of
the site, so that it needs nothing from outside.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

COURSE = Path(__file__).parent.parent
FROM_PYODIDE = ["numpy", "matplotlib"]
SHIPPED = ["comm", "jupyterlab_widgets", "ipywidgets"]  # pure Python, as they are installed here
PLUGIN = "@jupyterlite/pyodide-kernel-extension"
WHEELS = "../../../../pypi"  # from the folder in which that plugin's worker lies
NOT_COPIED = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "progress*.json", ".progress*")
LESSON = "lab/index.html?path=notebooks/01_the_problem.ipynb"


def wheel(name, folder):
    """The file name of a wheel of an installed package, which is put into `folder`; no network, no build."""
    found = metadata.distribution(name)
    files = {str(file): file.locate() for file in found.files if not {"..", "__pycache__"} & set(file.parts)}
    if name == "gdhelpers":  # it may be installed as a link to its folder
        files = {file: path for file, path in files.items() if ".dist-info" in file}
        code = (path for path in (COURSE / name).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        files |= {path.relative_to(COURSE).as_posix(): path for path in code}
    path = folder / f"{name}-{found.version}-py3-none-any.whl"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for file, source in files.items():
            archive.write(source, file)
    return path.name


def build(site, pyodide=None):
    """Build the site in the folder `site`, with a Pyodide of its own if the folder of one is given."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pypi").mkdir()
        shutil.copytree(COURSE / "notebooks", folder / "contents" / "notebooks", ignore=NOT_COPIED)
        if pyodide:
            shutil.copytree(pyodide, folder / "static" / "pyodide")
        wheels = [f"{WHEELS}/{wheel(package, folder / 'pypi')}" for package in [*SHIPPED, "gdhelpers"]]
        kernel = {"disablePyPIFallback": True, "loadPyodideOptions": {"packages": [*FROM_PYODIDE, *wheels]}}
        settings = {"appName": "Gradient descent", "litePluginSettings": {f"{PLUGIN}:kernel": kernel}}
        (folder / "jupyter-lite.json").write_text(json.dumps({"jupyter-config-data": settings}))
        command = [sys.executable, "-m", "jupyterlite_core", "build", "--contents=contents", "--no-sourcemaps"]
        quiet = {"JUPYTER_CONFIG_DIR": name, "PYTHONWARNINGS": "ignore"}
        command += ["--log-level=WARN", f"--lite-dir={folder}", f"--output-dir={site.resolve()}"]
        subprocess.run(command, cwd=folder, env=os.environ | quiet, check=True, stdout=subprocess.DEVNULL)
    return site


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 1024  # so many may knock at once
    daemon_threads = True


def _serve(site, port):
    os.chdir(site)
    server = Server(("127.0.0.1", 0), Quiet)
    port.send(server.server_port)
    server.serve_forever()


@contextmanager
def served(site):
    """The address of the site, served by Python's own web server in a process of its own."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(site, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/"
    finally:
        process.terminate()
        process.join()


@contextmanager
def visit(browser, address, page=LESSON):
    """(page, [files that the site gave], [addresses elsewhere, all refused]) of a new visitor."""
    profile = browser.new_context()
    given, elsewhere = [], []

    def judge(route):
        if route.request.url.startswith((address, "data:", "blob:")):
            return route.continue_()
        elsewhere.append(route.request.url)
        return route.abort()

    def note(response):
        if response.ok and response.url.startswith(address):
            given.append(response.url.removeprefix(address))

    profile.route(re.compile(""), judge)
    profile.on("response", note)
    opened = profile.new_page()
    try:
        opened.goto(address + page)
        yield opened, given, elsewhere
    finally:
        profile.close()


def fetch_all(address, files):
    """(bytes, seconds) of one learner, who fetches the files one after another."""
    start = time.perf_counter()
    return sum(len(urllib.request.urlopen(address + file).read()) for file in files), time.perf_counter() - start


def load(address, files, n_learners):
    """A sentence that says how long `n_learners` at once waited for all these files."""
    start = time.perf_counter()
    with ThreadPoolExecutor(n_learners) as learners:
        results = list(learners.map(lambda _: fetch_all(address, files), range(n_learners)))
    seconds = time.perf_counter() - start
    megabytes, slowest = results[0][0] / 1e6, max(waited for _, waited in results)
    return (
        f"{n_learners} learners at once, {len(files)} files and {megabytes:.1f} MB each: "
        f"{n_learners * len(files) / seconds:.0f} requests/s, {n_learners * megabytes / seconds:.0f} MB/s, "
        f"the slowest waited {slowest:.1f} s"
    )


def main():
    order, *rest = sys.argv[1:] or [""]
    pyodide = os.environ.get("GDHELPERS_PYODIDE")
    if order == "site":
        site = build(Path(rest[0] if rest else COURSE / "build" / "lite"), pyodide)
        print(f"{site} is ready; to look at it: python -m http.server --directory {site}")
    elif order == "load":
        from playwright.sync_api import sync_playwright

        sys.path.insert(0, str(COURSE / "tests" / "browser"))
        from lab_in_chromium import FLAGS, find_chromium

        with tempfile.TemporaryDirectory() as folder, served(build(Path(folder))) as address:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
                with visit(browser, address) as (page, files, _):
                    page.wait_for_selector(".jp-Notebook img")
                    page.wait_for_load_state("networkidle")
            files = list(dict.fromkeys(files))  # the page's service worker may have asked a second time
            for n_learners in map(int, rest or [10, 100]):
                print(load(address, files, n_learners))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
