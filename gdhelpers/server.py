"""A Jupyter server extension of one line of substance: send a small message at once.

Without it a slider's new picture often waits some 40 ms in the server, because TCP holds a small packet back until the
one before it is acknowledged (Nagle's algorithm): 16 pictures a second in a drag instead of 25. Jupyter loads this by
`server_config.json`; without it all lessons work the same, a little less smoothly.
"""

from jupyter_server.services.kernels.websocket import KernelWebsocketHandler


def _jupyter_server_extension_points():
    return [{"module": "gdhelpers.server"}]


def _load_jupyter_server_extension(app):
    open_before = KernelWebsocketHandler.open

    async def open_without_delay(handler, kernel_id):
        handler.set_nodelay(True)
        await open_before(handler, kernel_id)

    KernelWebsocketHandler.open = open_without_delay
