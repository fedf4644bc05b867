"""A Jupyter server extension of two small mends. Without it all lessons work the same, a little less smoothly.

A small message is sent at once: otherwise a slider's new picture often waits some 40 ms in the server, because TCP
holds a small packet back until the one before it is acknowledged (Nagle's algorithm): 16 pictures a second in a drag
instead of 25.

A lesson that is opened when no kernel runs it, or one that has been restarted, shows the pictures it was saved with:
otherwise JupyterLab looks for its sliders, which ended with their kernel, and says "model not found" where a picture
could stand.

Jupyter loads this by `server_config.json`.
"""

from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from jupyter_server.utils import ensure_async

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
PATIENCE = 1  # seconds that a kernel has to say which widgets it knows; one that runs a cell doesn't


def _jupyter_server_extension_points():
    return [{"module": "gdhelpers.server"}]


def _load_jupyter_server_extension(app):
    _send_at_once()
    _open_with_pictures(app.contents_manager, app.session_manager, app.kernel_manager)


def _send_at_once():
    open_before = KernelWebsocketHandler.open

    async def open_without_delay(handler, kernel_id):
        handler.set_nodelay(True)
        await open_before(handler, kernel_id)

    KernelWebsocketHandler.open = open_without_delay


def _open_with_pictures(contents, sessions, kernels):
    get_before = contents.get

    async def get(path, *args, **kwargs):
        model = await ensure_async(get_before(path, *args, **kwargs))
        views = _views(model["content"]) if model["type"] == "notebook" and model["content"] is not None else []
        if views:
            open_ones = {each["path"]: each["kernel"]["id"] for each in await ensure_async(sessions.list_sessions())}
            kernel = open_ones.get(model["path"])
            living = set() if kernel is None else await _widgets_of(kernels, kernel)
            for data in views:
                if living is not None and data[WIDGET_VIEW].get("model_id") not in living:
                    del data[WIDGET_VIEW]
        return model

    contents.get = get


async def _widgets_of(kernels, kernel):
    """The ids of the widgets that a kernel knows; None when it doesn't say."""
    client = kernels.get_kernel(kernel).client()
    client.start_channels(iopub=False, stdin=False, hb=False, control=False)
    try:
        reply = await ensure_async(client.comm_info("jupyter.widget", reply=True, timeout=PATIENCE))
        return set(reply["content"]["comms"])
    except TimeoutError:
        return None
    finally:
        client.stop_channels()


def _views(notebook):
    """The data of a lesson's outputs in which a picture or words stand beside the view of a widget."""
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    if not any("gdhelpers" in cell["source"] for cell in code):
        return []  # somebody else's notebook
    every = (output.get("data", {}) for cell in code for output in cell["outputs"])
    return [data for data in every if WIDGET_VIEW in data and len(data) > 1]
