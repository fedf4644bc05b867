"""JupyterLab in Chromium, as a learner has it: one server, one browser, one page for each notebook.

The server works in a copy of the course with settings of its own, so a run neither reads the user's Jupyter settings
nor writes into the checkout. Nothing here asks the network for anything.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

COURSE = Path(__file__).parent.parent.parent
CHROMIUMS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
FLAGS = [*FLAGS.split(), "--disable-component-update", "--disable-sync"]
SETTINGS = {
    # every cell is in the page, seen or not, so that every slider can be found
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none", "scrollPastEnd": False},
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}
WIDE, TALL = 1280, 900  # pixels
PATIENCE = 240_000  # milliseconds for all cells of a notebook, on a machine that does other things as well

# The plain run leaves out a few long tests that go over ground which others cover in part; the workflows run them, too.
WHOLE = pytest.mark.skipif(os.environ.get("GDHELPERS_WHOLE") != "1", reason="long: set GDHELPERS_WHOLE=1 to run it")


def find_chromium():
    """The path of an installed Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def require(found, what):
    """Skip where a learner's machine lacks `what`; on CI that would hide every failure, so there it fails."""
    if not found and os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and this is CI, which must have it")
    if not found:
        pytest.skip(f"{what} is not installed, so no notebook can be tried in a browser")


NO_NETWORK = """import sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        host = arguments[1][0] if event == "socket.connect" and isinstance(arguments[1], tuple) else arguments[0]
        if isinstance(host, str) and host not in ("", "localhost", "127.0.0.1", "::1", "0.0.0.0"):
            with open({asked!r}, "a") as file:
                print(host, file=file)
            raise OSError("there is no network here")

sys.addaudithook(refuse)
"""


def _cut_off(folder):
    """A folder for PYTHONPATH: each Python then works without a network, and `asked` in it says whom it missed."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(NO_NETWORK.format(asked=str(folder / "asked")))
    return folder


def _settings(folder):
    """Environment of a server that keeps everything it reads and writes in `folder`, and knows no network."""
    names = "JUPYTER_CONFIG_DIR JUPYTER_DATA_DIR JUPYTER_RUNTIME_DIR IPYTHONDIR JUPYTERLAB_SETTINGS_DIR"
    places = {name: folder / name.lower() for name in [*names.split(), "JUPYTERLAB_WORKSPACES_DIR"]}
    for name, values in SETTINGS.items():
        package, _, plugin = name.partition(":")
        path = places["JUPYTERLAB_SETTINGS_DIR"] / package / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    paths = [str(_cut_off(folder / "no_network")), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **{name: str(place) for name, place in places.items()}}


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_it_answers(server, url, log, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            return urllib.request.urlopen(f"{url}/api/status", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start; the end of its log:\n{log.read_text()[-3000:]}")


@contextmanager
def running_server(folder, course):
    """The URL of a JupyterLab whose root is `course`; it is stopped at the end, whatever happens."""
    url, log = f"http://127.0.0.1:{_free_port()}", folder / "jupyterlab.log"
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": url.rpartition(":")[2],
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": course,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": True,  # window.jupyterapp: its commands, without clicking through menus
        "LabApp.news_url": "",
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
    with log.open("w") as output:
        server = subprocess.Popen(command, env=_settings(folder), cwd=course, stdout=output, stderr=output)
        try:
            _wait_until_it_answers(server, url, log)
            yield url
        finally:
            server.terminate()  # politely: it stops its kernels, too
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def copy_of_course(folder):
    """Notebooks and package in `folder`: what a learner downloads, and a test may spoil."""
    for name in ("notebooks", "gdhelpers"):
        shutil.copytree(
            COURSE / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        )
    return folder


@contextmanager
def all_in_view(page):
    """A window so tall that every cell is in it: the others are neither in a picture nor judged by axe."""
    size, panel = page.viewport_size, "document.querySelector('.jp-WindowedPanel-outer')"
    height = page.evaluate(f"() => {panel}?.scrollHeight ?? 0")
    page.set_viewport_size({**size, "height": max(size["height"], int(height) + 150)})
    try:
        page.wait_for_function(f"() => !{panel} || {panel}.clientHeight >= {panel}.scrollHeight")
        yield
    finally:
        page.set_viewport_size(size)


class Lab:
    """A server's address, its course folder and a browser profile to look at it with."""

    def __init__(self, url, course, profile):
        self.url, self.course, self.profile = url, course, profile
        self._asked_by_page = []
        profile.set_default_timeout(60_000)
        profile.route(lambda address: not address.startswith(url), self._refuse)

    def _refuse(self, route):
        self._asked_by_page.append(route.request.url)
        route.abort()

    def asked_of_the_network(self):
        """Every address that the pages, the server or its kernels wanted so far; they got none of them."""
        asked = self.course.parent / "no_network/asked"
        return [*self._asked_by_page, *(asked.read_text().split() if asked.exists() else [])]

    @contextmanager
    def notebook(self, name):
        """The notebook in a page of its own; its kernel is stopped at the end."""
        page = self.profile.new_page()
        try:
            notebook = Notebook(page, name)
            notebook.open(self.url)
            yield notebook
            page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        finally:
            page.close()


class Notebook:
    """One notebook in one page."""

    def __init__(self, page, name):
        self.page, self.name = page, name
        self.page_errors, self.kernel_errors, self.bytes_received = [], [], 0
        page.on("pageerror", lambda error: self.page_errors.append(f"{error.message}\n{error.stack or ''}"))
        page.on("websocket", lambda socket: socket.on("framereceived", self._count))

    def _count(self, payload):
        """A widget's callback that raises says so only on the wire, not in the page."""
        payload = payload.encode() if isinstance(payload, str) else payload
        self.bytes_received += len(payload)
        if b'"msg_type": "error"' in payload or b'"msg_type":"error"' in payload:
            self.kernel_errors.append(payload[payload.find(b'"ename"') :][:600].decode(errors="replace"))

    def open(self, url):
        self.page.goto(f"{url}/lab/tree/notebooks/{self.name}.ipynb?reset")
        ready = """name => {
            const panel = window.jupyterapp?.shell.currentWidget;
            if (document.querySelector('.jp-Dialog')) return 'dialog';
            return panel?.context?.isReady && panel.context.path.endsWith(name)
                && panel.sessionContext.session?.kernel?.status === 'idle' && 'idle';
        }"""
        name = f"{self.name}.ipynb"
        while self.page.wait_for_function(ready, arg=name).json_value() == "dialog":
            self.page.locator(".jp-Dialog button.jp-mod-accept").click()
        self.page.evaluate("() => jupyterapp.shell.collapseLeft()")

    def run_all(self):
        """Clear, run, and wait until each cell has its number, the kernel rests and the widgets are drawn."""
        self.page.evaluate("""() => {
            jupyterapp.commands.execute('notebook:clear-all-cell-outputs');
            jupyterapp.commands.execute('notebook:run-all-cells');
        }""")
        self.page.wait_for_function(
            """() => {
            const cells = jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model);
            const code = cells.filter(cell => cell.type === 'code' && cell.sharedModel.source.trim());
            return code.every(cell => cell.executionCount)
                || code.some(cell => cell.outputs.toJSON().some(output => output.output_type === 'error'));
        }""",
            timeout=PATIENCE,
        )
        self.wait_until_idle()
        self.page.wait_for_function("() => !document.body.innerText.includes('Loading widget')", timeout=15_000)

    def wait_until_idle(self):
        idle = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
        self.page.wait_for_function(idle)

    def errors_in_outputs(self):
        """The errors of cells, as 'name: value'."""
        return self.page.evaluate("""() => jupyterapp.shell.currentWidget.content.widgets
            .flatMap(cell => cell.model.type === 'code' ? cell.model.outputs.toJSON() : [])
            .filter(output => output.output_type === 'error')
            .map(output => `${output.ename}: ${output.evalue}`)""")

    def screenshot(self, path):
        """All cells in one picture, for a person to look at."""
        self.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 0 }")
        with all_in_view(self.page):
            self.page.screenshot(path=path)


@pytest.fixture(scope="module")
def chromium():
    """The browser, for one file of tests: its driver runs an event loop, which others' tests must not meet."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        sync_playwright = None
    require(sync_playwright, "playwright")
    path = find_chromium()
    require(path, "Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    """JupyterLab with a copy of the course, and the browser."""
    folder = tmp_path_factory.mktemp("lab")
    course = copy_of_course(folder / "course")
    with running_server(folder, course) as url:
        yield Lab(url, course, chromium.new_context(viewport={"width": WIDE, "height": TALL}))
