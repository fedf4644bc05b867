"""The words in the pictures can be read: dark enough on what is really behind them, whole, and clear of each other."""

import itertools
from contextlib import contextmanager

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from test_colours import contrast
from test_widgets import EVERY_EXPLORER, EXPLORERS, places

from gdhelpers import plots

ENOUGH, SOME = 4.5, 0.2  # WCAG's ratio; the share of the pixels behind a text that a line may take
UNSEEN = (0, 0, 0, 0)


@pytest.fixture(params=[False, True], ids=["usual", "projector"])
def size(request):
    plots.enlarge(request.param)
    yield
    plots.enlarge(False)


@contextmanager
def drawn_texts():
    """Inside, every text that is drawn is drawn without ink and noted: [(text, its colour)]."""
    notes, draw = [], Text.draw

    def note(text, renderer, *args, **kwargs):
        if text.get_visible() and text.get_text().strip():
            notes.append((text, to_rgb(text.get_color())))
            text.set_color(UNSEEN)
        draw(text, renderer, *args, **kwargs)
        if notes and notes[-1][0] is text:
            text.set_color(notes[-1][1])

    Text.draw = note
    try:
        yield notes
    finally:
        Text.draw = draw


def faults(picture):
    """What cannot be read in this picture as it is now: one line for each."""
    figure, canvas = picture.figure, FigureCanvasAgg(picture.figure)
    for actor in picture.actors:
        actor.set_animated(False)
    with drawn_texts() as notes:
        canvas.draw()
    for actor in picture.actors:
        actor.set_animated(True)
    paper, (width, height) = np.asarray(canvas.buffer_rgba())[..., :3] / 255, figure.canvas.get_width_height()
    boxes = [(text.get_text(), text.get_window_extent(canvas.get_renderer()).extents, ink) for text, ink in notes]
    found = []
    for words, (x0, y0, x1, y1), ink in boxes:
        if min(x0, y0) < -1 or x1 > width + 1 or y1 > height + 1:
            found.append(f"{words!r} is cut off by the edge")
        behind = paper[round(height - y1) : round(height - y0), max(round(x0), 0) : round(x1)].reshape(-1, 3)
        if len(behind) and np.mean(contrast(ink, behind) < ENOUGH) > SOME:
            found.append(f"{words!r} does not stand out from what is behind it")
    for (one, a, _), (other, b, _) in itertools.combinations(boxes, 2):
        across, down = (min(a[i + 2], b[i + 2]) - max(a[i], b[i]) for i in (0, 1))
        if across > 1 and down > 4:  # the box around a power of ten has some air, in Matplotlib 3.10 more than later
            found.append(f"{one!r} and {other!r} lie on each other")
    return found


@EVERY_EXPLORER
def test_every_word_of_every_explorer_can_be_read(name, size):
    picture = EXPLORERS[name]()
    found = {f"at rest, {fault}" for fault in faults(picture)}
    for label, control in picture.controls.items():
        if control.has_trait("value"):
            before = control.value
            for place in (places(control)[0], places(control)[-1]):
                control.value = place
                found |= {f"with {label} at {place}, {fault}" for fault in faults(picture)}
            control.value = before
    assert sorted(found) == []


# Would a fault be seen?


def spoilt(spoil):
    picture = EXPLORERS["map_explorer"]()
    spoil(picture.figure.axes[0])
    return " ".join(faults(picture))


def test_words_too_pale_are_found():
    assert "'pale' does not stand out" in spoilt(lambda ax: ax.text(100, 100, "pale", color=plots.ERROR))
    assert "'red' does not stand out" in spoilt(lambda ax: ax.text(100, 100, "red", color=plots.LIMIT))
    assert "black" not in spoilt(lambda ax: ax.text(100, 100, "black", color=plots.DATA))


def test_words_cut_off_are_found():
    assert "is cut off" in spoilt(lambda ax: ax.text(0, 210, "far too long for the place it has" * 3))


def test_words_on_each_other_are_found():
    assert "'one' and 'two' lie on each other" in spoilt(
        lambda ax: [ax.text(100, 100, "one"), ax.text(102, 101, "two")]
    )
