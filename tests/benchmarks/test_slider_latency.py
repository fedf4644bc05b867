"""From a key press on a slider to new pixels in Chromium: this course's explorer against `ipywidgets.interact`.

They draw the same two panels, in one page, on one kernel, and take turns, so that whatever else the computer does hits
all. Times are taken inside the page. "The same" includes how sharp they are: `interact` in a notebook that sets nothing
draws half as sharp, and is told for comparison. "One dot" is the floor: the way to the kernel and back, and the
browser's next frame. "Drawn anew" is one figure that is kept, drawn whole and sent as a picture. ipympl joins where it
is installed (`pip install ipympl`), also with one figure that is kept.

Not part of the plain run: `python -m pytest tests/benchmarks -n 0 --benchmark-only -s`.
"""

import statistics
import time
from contextlib import contextmanager

import nbformat
import pytest

WARM_UP, PRESSES, DRAG_SECONDS, KEYS_A_SECOND = 3, 25, 3, 30
RATIO = 10  # times faster than a new pyplot figure for each value
FLOOR_SHARE = 0.8  # of the explorer's time, at least, is Jupyter's and the browser's own

SET_UP = """\
import sys

sys.path.insert(0, "..")
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatLogSlider, interact
from matplotlib_inline.backend_inline import set_matplotlib_formats

from gdhelpers import plots
from gdhelpers.datasets import houses
from gdhelpers.descent import descend
from gdhelpers.optimizers import GradientDescent
from gdhelpers.problems import LeastSquares
from gdhelpers.live import LivePicture
from gdhelpers.widgets import map_explorer

size, price = houses()
problem = LeastSquares.line(size / 1000, price)
"""

EXPLORER = "map_explorer(problem)"

# the least that any picture of a kernel's can take: nothing is computed, and one small dot is drawn
FLOOR = """\
fig, ax = plots.figure(width=9, height=4.2)
(dot,) = ax.plot([0], [0], "o")
slider = FloatLogSlider(value=0.1, min=-3, max=0, step=0.02)


def move(learning_rate):
    dot.set_xdata([learning_rate])
    return "A dot."


LivePicture(fig, [dot], {"learning_rate": slider}, move, alt="A dot.")
"""

# `png` is what a notebook shows that says nothing about it; `retina` is as sharp as the explorer's picture
INTERACT = """\
def draw(learning_rate):
    set_matplotlib_formats("{format}")
    walk = descend(problem, (50.0, 20.0), GradientDescent(learning_rate), 60)
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
    ticks = np.linspace(0, 200, 81)
    plots.loss_map(left, problem, ticks, ticks, labels=("w ($1000 per thousand sq ft)", "b ($1000)"))
    plots.minimum(left, *problem.minimum())
    plots.path(left, walk.params)
    plots.here(left, *walk.params[-1])
    plots.loss_curve(right, walk.steps, walk.losses)
    right.set(xlim=(0, 60), ylim=(1e-8, 1e6))
    plt.show()


interact(draw, learning_rate=FloatLogSlider(value=0.1, min=-3, max=0, step=0.02));
"""

# one figure that is kept; only its moving lines are new
KEPT = """\
def drawing_on(fig):
    left, right = fig.subplots(1, 2)
    ticks = np.linspace(0, 200, 81)
    plots.loss_map(left, problem, ticks, ticks, labels=("w ($1000 per thousand sq ft)", "b ($1000)"))
    plots.minimum(left, *problem.minimum())
    right.set(xlim=(0, 60), ylim=(1e-8, 1e6))
    moving = []

    def draw(learning_rate):
        walk = descend(problem, (50.0, 20.0), GradientDescent(learning_rate), 60)
        for artist in moving:
            artist.remove()
        moving[:] = [plots.path(left, walk.params), plots.loss_curve(right, walk.steps, walk.losses)]

    return draw

"""
DRAWN_ANEW = f"""\
import io

from ipywidgets import Image, VBox
from matplotlib.figure import Figure

{KEPT}
def drawn_anew():
    fig = Figure(figsize=(9, 4.2), dpi=144, layout="constrained")
    draw, image = drawing_on(fig), Image(layout={{"width": "648px"}})
    slider = FloatLogSlider(value=0.1, min=-3, max=0, step=0.02)

    def send(change=None):
        draw(slider.value)
        fig.savefig(picture := io.BytesIO(), format="png")
        image.value = picture.getvalue()

    slider.observe(send, "value")
    send()
    return VBox([slider, image])


drawn_anew()
"""
IPYMPL = f"""\
from ipympl.backend_nbagg import Canvas, FigureManager
from ipywidgets import VBox
from matplotlib.figure import Figure

{KEPT}
def by_ipympl():
    fig = Figure(figsize=(9, 4.2), layout="constrained")
    canvas = Canvas(fig)
    manager = FigureManager(canvas, 0)
    draw, slider = drawing_on(fig), FloatLogSlider(value=0.1, min=-3, max=0, step=0.02)

    def send(change=None):
        draw(slider.value)
        canvas.draw_idle()

    slider.observe(send, "value")
    send()
    return VBox([slider, canvas])


by_ipympl()
"""

CANDIDATES = {
    "explorer": EXPLORER,
    "one dot": FLOOR,
    "drawn anew": DRAWN_ANEW,
    "interact": INTERACT.replace("{format}", "png"),
    "interact, as sharp": INTERACT.replace("{format}", "retina"),
}
BESIDE_IPYMPL = {"explorer": EXPLORER, "ipympl": IPYMPL}  # in a page of its own: it changes how sharp pyplot draws

IN_PAGE = """
// a canvas is drawn without a trace in the page: leave one
const { drawImage } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.drawImage = function (...args) {
    this.canvas.dataset.drawn = 1 + Number(this.canvas.dataset.drawn ?? 0);
    return drawImage.apply(this, args);
};
window.Stopwatch = class {
    constructor(root) {
        this.root = root;
        this.frames = [];
    }
    // what moves: the drawing over the scenery, or the whole picture; each new one is a new element, and asking for
    // the element, not for its text, costs no time of those that are measured
    content() {
        return this.root.querySelector('canvas')?.dataset.drawn ?? this.root.querySelector('.widget-image')?.src
            ?? this.root.querySelector('svg[role=img]') ?? this.root.querySelector('img');
    }
    // what an eye would miss: no picture, one not yet loaded, or a box that has collapsed
    blank() {
        const pictures = [...this.root.querySelectorAll('svg[role=img], img, canvas')];
        return pictures.length === 0 || pictures.some(it => it.getBoundingClientRect().height < 50
            || (it.tagName === 'IMG' && (!it.complete || it.naturalWidth === 0))
            || (it.tagName === 'svg' && !it.children.length));
    }
    // milliseconds from the next key to the end of the first frame that shows new content
    arm() {
        let pressed;
        const before = this.content();
        document.addEventListener('keydown', event => { pressed = event.timeStamp }, {once: true, capture: true});
        this.latency = new Promise(resolve => {
            const observer = new MutationObserver(async () => {
                if (!this.content() || this.content() === before) return;
                observer.disconnect();
                const image = this.root.querySelector('svg[role=img], canvas') ? null : this.root.querySelector('img');
                if (image) await image.decode();
                requestAnimationFrame(() => {
                    const painted = new MessageChannel();
                    painted.port1.onmessage = () => resolve(performance.now() - pressed);
                    painted.port2.postMessage(null);
                });
            });
            observer.observe(this.root, {subtree: true, childList: true, attributes: true, characterData: true});
        });
    }
    // look at each frame from now on
    film() {
        let shown = this.content();
        this.result = {changes: 0, blanks: 0, frames: 0};
        const look = () => {
            this.result.frames += 1;
            this.result.blanks += this.blank();
            const now = this.content();
            if (now && now !== shown) this.result.changes += 1;
            shown = now || shown;
            this.filming = requestAnimationFrame(look);
        };
        this.filming = requestAnimationFrame(look);
    }
    cut() {
        cancelAnimationFrame(this.filming);
        return this.result;
    }
}
"""


class Candidate:
    """One way to make a slider move a picture, measured in the page."""

    def __init__(self, notebook, cell):
        self.notebook, self.page = notebook, notebook.page
        output = self.page.query_selector_all(".jp-CodeCell")[cell].query_selector(".jp-OutputArea")
        self.handle = output.query_selector("[role=slider]")
        self.watch = output.evaluate_handle("output => new Stopwatch(output)")
        self.milliseconds = []

    def press(self, key="ArrowLeft"):
        """One key; how long until the picture shows it."""
        self.handle.focus()
        self.watch.evaluate("watch => watch.arm()")
        self.page.keyboard.press(key)
        self.milliseconds.append(self.watch.evaluate("watch => watch.latency"))
        self.settle()

    def settle(self):
        """Nothing of one candidate may run into the other's time."""
        self.page.wait_for_timeout(100)
        self.notebook.wait_until_idle()

    def drag(self):
        """Hold a key; frames with new content, blank frames, and bytes until all is quiet again."""
        self.press("Home")
        self.handle.focus()
        bytes_before = self.notebook.bytes_received
        self.watch.evaluate("watch => watch.film()")
        start = time.perf_counter()
        while (elapsed := time.perf_counter() - start) < DRAG_SECONDS:
            self.page.keyboard.down("ArrowRight")  # again without release: what a held key sends
            self.page.wait_for_timeout(1000 / KEYS_A_SECOND)
        result = self.watch.evaluate("watch => ({...watch.result})")
        self.page.keyboard.up("ArrowRight")
        self.settle()
        end = self.watch.evaluate("watch => watch.cut()")
        received = self.notebook.bytes_received - bytes_before
        return {
            "frames/s": result["changes"] / elapsed,
            "KB/frame": received / max(1, end["changes"]) / 1000,
            "blank": end["blanks"],
            "of frames": end["frames"],
        }


@contextmanager
def in_one_page(lab, cells):
    """{name: Candidate}, all in one page of one notebook, warmed up."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in [SET_UP, *cells.values()]],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}},
    )
    nbformat.write(notebook, lab.course / "notebooks" / "slider_latency.ipynb")
    with lab.notebook("slider_latency") as opened:
        opened.run_all()
        assert not opened.errors_in_outputs()
        opened.page.add_script_tag(content=IN_PAGE)
        by_interact = sum(name.startswith("interact") for name in cells)
        opened.page.wait_for_function(f"() => document.querySelectorAll('.widget-output img').length === {by_interact}")
        found = {name: Candidate(opened, cell) for cell, name in enumerate(cells, 1)}
        for _ in range(WARM_UP):
            for candidate in found.values():
                candidate.press()
        yield found


def measure(candidates):
    """{name: {measure: number}}, the candidates taking turns."""
    for candidate in candidates.values():
        candidate.milliseconds.clear()
    for _ in range(PRESSES):
        for candidate in candidates.values():
            candidate.press()
    presses = {name: list(candidate.milliseconds) for name, candidate in candidates.items()}
    table = {}
    for name, candidate in candidates.items():
        p50, p95 = statistics.median(presses[name]), statistics.quantiles(presses[name], n=20)[-1]
        table[name] = {"p50 ms": p50, "p95 ms": p95, **candidate.drag()}
    return table


def show(table):
    print(f"\n{'':20}" + "".join(f"{heading:>11}" for heading in table["explorer"]))
    for name, row in table.items():
        print(f"{name:20}" + "".join(f"{number:11.1f}" for number in row.values()))
    for name in list(table)[1:]:
        print(f"{name}: p50 is {ratio(table, name):.1f} times the explorer's")


def ratio(table, name):
    return table[name]["p50 ms"] / table["explorer"]["p50 ms"]


def test_a_slider_moves_its_picture_ten_times_faster_than_interact(lab, benchmark):
    with in_one_page(lab, CANDIDATES) as candidates:
        table = benchmark.pedantic(measure, args=(candidates,), rounds=1)
    show(table)
    assert table["explorer"]["blank"] == 0, "the explorer showed an empty frame during a drag"
    assert ratio(table, "interact, as sharp") >= RATIO
    assert ratio(table, "one dot") >= FLOOR_SHARE


def test_a_slider_moves_its_picture_faster_than_ipympl_does(lab, benchmark):
    pytest.importorskip("ipympl", reason="ipympl is not installed: nothing to compare with")
    with in_one_page(lab, BESIDE_IPYMPL) as candidates:
        table = benchmark.pedantic(measure, args=(candidates,), rounds=1)
    show(table)
    assert ratio(table, "ipympl") > 1
