"""The server extension: found once the package is installed; no delay on a websocket; pictures without a kernel."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gdhelpers import server


def test_websocket_sends_at_once_and_then_opens_as_before(monkeypatch):
    happened = []

    class Handler:
        def set_nodelay(self, value):
            happened.append(("no delay", value))

        async def open(self, kernel_id):
            happened.append(("open", kernel_id))

    monkeypatch.setattr(server, "KernelWebsocketHandler", Handler)
    server._send_at_once()
    asyncio.run(Handler().open("kernel 1"))
    assert happened == [("no delay", True), ("open", "kernel 1")]


def test_jupyter_is_told_of_the_extension():
    (point,) = server._jupyter_server_extension_points()
    config = json.loads((Path(server.__file__).parent / "server_config.json").read_text())
    assert config["ServerApp"]["jpserver_extensions"] == {point["module"]: True}


def test_jupyter_finds_the_extension_where_the_package_is_installed():
    if not (Path(sys.prefix) / "etc/jupyter/jupyter_server_config.d/gdhelpers.json").exists():
        pytest.skip("gdhelpers is not installed here, only its folder is used")
    command = [sys.executable, "-m", "jupyter", "server", "extension", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    words = re.sub("\x1b\\[[0-9]*m", "", listed.stdout + listed.stderr).split()
    assert "gdhelpers.server OK" in " ".join(words)


VIEW = "application/vnd.jupyter.widget-view+json"


def lesson(*outputs, source="from gdhelpers import widgets"):
    """What a contents manager gives for a notebook of one code cell with these outputs' data."""
    shown = [{"output_type": "display_data", "data": dict(data), "metadata": {}} for data in outputs]
    shown.append({"output_type": "stream", "name": "stdout", "text": "12"})
    words = {"cell_type": "markdown", "source": "gdhelpers"}
    code = {"cell_type": "code", "source": source, "outputs": shown}
    return {"type": "notebook", "path": "notebooks/lesson.ipynb", "content": {"cells": [words, code]}}


class Kernel:
    """One that knows these widgets, or, with None, one that is busy."""

    def __init__(self, *widgets):
        self.widgets, self.open = widgets, False

    def client(self):
        return self

    def start_channels(self, **channels):
        self.open = True

    def stop_channels(self):
        self.open = False

    async def comm_info(self, target_name, reply, timeout):
        assert self.open
        assert (target_name, reply) == ("jupyter.widget", True)
        if self.widgets == (None,):
            raise TimeoutError
        return {"content": {"comms": {name: {"target_name": target_name} for name in self.widgets}}}


def opened(model, kernels=(), **asked):
    """The data of the outputs, as a server hands this model out. kernels: those that run, {path: Kernel}."""
    kernels = dict(kernels)

    class Contents:
        def get(self, path, content=True, type=None):
            return {**model, "content": model["content"] if content else None}

    class Sessions:
        async def list_sessions(self):
            return [{"path": path, "kernel": {"id": f"kernel of {path}"}} for path in kernels]

    class Kernels:
        def get_kernel(self, kernel_id):
            return kernels[kernel_id.removeprefix("kernel of ")]

    contents = Contents()
    server._open_with_pictures(contents, Sessions(), Kernels())
    got = asyncio.run(contents.get(model["path"], **asked))
    assert not any(kernel.open for kernel in kernels.values() if kernel)
    if got["type"] != "notebook" or got["content"] is None:
        return got["content"]
    return [output["data"] for output in got["content"]["cells"][1]["outputs"] if "data" in output]


PICTURE = {VIEW: {"model_id": "1"}, "image/png": "...", "text/plain": "a line"}


def test_lesson_without_a_kernel_opens_with_its_pictures():
    words = {VIEW: {"model_id": "2"}, "text/plain": "Predict."}
    assert opened(lesson(PICTURE, words), {"another.ipynb": Kernel("1", "2")}) == [
        {"image/png": "...", "text/plain": "a line"},
        {"text/plain": "Predict."},
    ]


def test_lesson_with_a_kernel_opens_live():
    assert opened(lesson(PICTURE), {"notebooks/lesson.ipynb": Kernel("1")}) == [PICTURE]


def test_lesson_whose_kernel_was_restarted_opens_with_its_pictures_and_what_is_new():
    new = {VIEW: {"model_id": "7"}, "text/plain": "New."}
    expected = [{"image/png": "...", "text/plain": "a line"}, new]
    assert opened(lesson(PICTURE, new), {"notebooks/lesson.ipynb": Kernel("7", "8")}) == expected


def test_lesson_whose_kernel_is_busy_opens_as_it_is():
    assert opened(lesson(PICTURE), {"notebooks/lesson.ipynb": Kernel(None)}) == [PICTURE]


def test_kernel_is_not_asked_where_nothing_depends_on_its_answer():
    """It may be busy, and every notebook of the server would wait for it."""
    nobody = {"notebooks/lesson.ipynb": None}
    alone = {VIEW: {"model_id": "1"}}
    assert opened(lesson(PICTURE, source="import ipywidgets"), nobody) == [PICTURE]
    assert opened(lesson(alone), nobody) == [alone]


def test_view_with_nothing_beside_it_and_notebooks_of_others_are_left_alone():
    alone = {VIEW: {"model_id": "1"}}
    assert opened(lesson(alone)) == [alone]
    assert opened(lesson(PICTURE, source="import ipywidgets")) == [PICTURE]


def test_what_is_no_notebook_or_not_asked_for_passes_as_it_is():
    assert opened(lesson(PICTURE), content=False) is None
    assert opened({"type": "directory", "path": "", "content": ["notebooks"]}) == ["notebooks"]
