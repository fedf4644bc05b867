"""What the explorers share: sliders, words for how a walk went, and the progress bar of a long one."""

import time

import ipywidgets as widgets
import numpy as np
from IPython.display import display
from traitlets import CFloat, CInt

from gdhelpers import plots
from gdhelpers.arguments import TEXT, one_of, takes, whole
from gdhelpers.live import aloud, heard_while_busy
from gdhelpers.plots import number

WIDE = {"description_width": "initial"}


# Sliders whose value the kernel does not send back to the page it came from: one message less for each movement.


class _IntSlider(widgets.IntSlider):
    value = CInt().tag(sync=True, echo_update=False)


class _FloatSlider(widgets.FloatSlider):
    value = CFloat().tag(sync=True, echo_update=False)


class _FloatLogSlider(widgets.FloatLogSlider):
    value = CFloat(1.0).tag(sync=True, echo_update=False)


def slider(label, low, high, value, step):
    kind = _IntSlider if isinstance(step, int) else _FloatSlider
    options = {"min": low, "max": high, "step": step, "value": value}
    if kind is _FloatSlider:
        options["readout_format"] = f".{len(f'{step:g}'.partition('.')[2])}f"
    return kind(description=label, style=WIDE, layout={"width": "340px"}, **options)


def log_slider(label, low, high, value, step, width="340px", base=10, digits=".3g"):
    """A slider on a log scale; low, high and step are powers of `base`, digits is how its number is written."""
    options = {"base": base, "min": low, "max": high, "step": step, "value": value, "readout_format": digits}
    return _FloatLogSlider(description=f"{label} (log)", style=WIDE, layout={"width": width}, **options)


def rate_slider(low, high, value):
    """A learning-rate slider; low and high are powers of ten."""
    return log_slider("learning rate α", low, high, value, 0.02, "420px")


def batch_slider(n_rows, value):
    """A batch-size slider: 1, 2, 4, 8, ... and all rows; any other number can be typed. Round what it gives."""
    return log_slider("batch size B", 0, float(np.log2(n_rows)), value, 1, "380px", base=2, digits=".0f")


def choice(label, options, button_width, value=None):
    """Buttons of which one is pressed, the first if no value is given. Their label stands beside, not above them."""
    options, style = list(options), {**WIDE, "button_width": button_width}
    layout = {"width": "auto", "margin": "2px 20px 2px 2px", "display": "flex", "flex_flow": "row", "grid_gap": "8px"}
    value = options[0] if value is None else value
    return widgets.ToggleButtons(options=options, value=value, description=label, style=style, layout=layout)


def alpha(learning_rate):
    """The learning rate as its slider shows it."""
    return f"α = {number(float(f'{learning_rate:.3g}'))}"


def counted(count, thing):
    """A count in words: 1 step, 1,000 steps."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def margins(values):
    """Limits that leave a little air below and above the values."""
    air = 0.08 * (np.ptp(values) or 1)
    return values.min() - air, values.max() + air


def outcome(walk):
    """How a walk went, in words."""
    losses = f"loss {number(walk.losses[0])} → {number(walk.losses[-1])}"
    steps = counted(walk.steps[-1], "step")
    if walk.diverged:
        return f"The walk diverges: {losses} after {steps}, beyond all bounds at step {walk.diverged}."
    return f"{steps}: {losses}."


class Progress(widgets.HBox):
    """How far a walk is, and a button that stops it: hand it to `descend` as `watch`.

    n_steps: of the walk. Give `descend` a `record_every` that makes some tens of records; the bar moves at each.
    """

    @takes(label=TEXT, n_steps=whole(1, 10**9))
    def __init__(self, label, n_steps):
        self.label, self.n_steps, self.stopped = label, n_steps, False
        self.bar = widgets.IntProgress(0, 0, n_steps, description=label, style=WIDE, layout={"width": "420px"})
        self.button = widgets.Button(description="Stop", icon="stop", layout={"width": "90px"})
        self.button.on_click(self._stop)
        self.words = widgets.HTML()
        super().__init__([self.bar, self.button, self.words, aloud()])
        heard_while_busy(self.button)

    def __call__(self, step, params):
        now = time.monotonic()
        if step in (0, self.n_steps) or now - self._shown > 0.1:  # ten times a second is enough for an eye
            self._shown = now
            self.bar.value = step
            self.words.value = f"step {step:,} of {self.n_steps:,}"
        if step == self.n_steps:
            self.button.disabled = True
        return self.stopped

    def _stop(self, button):
        self.stopped = self.button.disabled = True

    def _repr_mimebundle_(self, **kwargs):
        return {**(super()._repr_mimebundle_(**kwargs) or {}), "text/plain": f"{self.label}: {self.n_steps:,} steps"}


def progress(label, n_steps):
    """Show a progress bar with a Stop button here, and return it for `descend(..., watch=...)`. See `Progress`."""
    bar = Progress(label, n_steps)
    display(bar)
    return bar


PROJECTED = """<style>
.jp-Notebook { --jp-content-font-size1: 20px; --jp-code-font-size: 18px; }
.jp-Notebook .jp-RenderedHTMLCommon table { font-size: 18px; }
.jp-Notebook .widget-html-content { font-size: 20px; line-height: 1.5; }
.jp-Notebook :is(.widget-slider, .widget-button, .widget-toggle-button, .widget-toggle-buttons, .widget-radio,
    .widget-dropdown, .widget-checkbox, .widget-progress) { zoom: 1.4; }
.jp-Notebook .widget-toggle-buttons .widget-toggle-button { zoom: 1; }
</style>Large for a projector: text and controls at once, each figure from here on as its cell is run."""
_projected = widgets.HTML()


@takes(on=one_of(True, False))
def projector(on=True):
    """Make the notebook large enough for the last row, by one call at its top; `projector(False)` ends it.

    Text, code and controls change at once. A figure is drawn for its size, so it changes when its cell is run.
    """
    plots.enlarge(on)
    _projected.value = PROJECTED if on else ""  # the style lives in this one widget, so it also ends from another cell
    if on:
        display(_projected)


def mark_escape(remark, x, y):
    """Say on the picture that a walk has left it, and return the words for it: nothing is cut off silently."""
    (left, right), (bottom, top) = remark.axes.get_xlim(), remark.axes.get_ylim()
    inside = left <= x <= right and bottom <= y <= top
    remark.set_text("" if inside else "off the picture")
    return "" if inside else " That is off the picture."
