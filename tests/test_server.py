"""The server extension: it is found once the package is installed, and a websocket sends without delay."""

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
    server._load_jupyter_server_extension(app=None)
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
