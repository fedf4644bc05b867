"""Pictures in a notebook: one that stands still, and one that follows its sliders.

A live picture is painted in two layers. The scenery (axes, contours, data) is painted once, as a PNG. The actors (what
a slider moves) are drawn over it as SVG on every change, a few kilobytes instead of a hundred, so a drag feels instant.
Matplotlib's artists stay the only source: the same figure gives the still picture that is stored in the notebook.
"""

import base64
import html
import io
import threading
from pathlib import Path as File

import ipywidgets as widgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import rgb2hex
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox

from gdhelpers import plots
from gdhelpers.arguments import FUNCTION, TEXT, short, takes

POINTS_PER_INCH, PIXELS_PER_INCH = 72, 96  # what an SVG unit is here; what a browser calls an inch
SHARPNESS = 2  # image pixels for each browser pixel, for dense screens and projectors
TALLEST = 560  # pixels that a figure may grow to: on a projector its controls shall be in view, too
LAYER = "display:block;width:100%;will-change:transform"  # a layer of its own, whose pixels the browser keeps
ALOUD = File(__file__).with_name("aloud.js").read_text(encoding="utf-8")
UNSEEN = "position:absolute;top:0;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);margin:0"
FIGURE = "a matplotlib.figure.Figure, such as plots.figure() makes", lambda value, given: isinstance(value, Figure)
ACTORS = (
    "a list of artists, drawn on the figure",
    lambda value, given: (
        isinstance(value, list | tuple)
        and all(isinstance(each, Artist) and each.figure is given["figure"] for each in value)
    ),
)
CONTROLS = (
    "a dictionary {text: widget}",
    lambda value, given: (
        isinstance(value, dict)
        and all(isinstance(name, str) and isinstance(each, widgets.DOMWidget) for name, each in value.items())
    ),
)
COMMANDS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}


def _size_shown(figure):
    """Width and height in the page, in the browser's pixels."""
    width, height = figure.get_size_inches() * PIXELS_PER_INCH
    zoom = min(plots.ZOOM, max(1, TALLEST / height))
    return round(width * zoom), round(height * zoom)


def _png(figure, dpi, everything=False):
    """The figure as base64 text; without the animated artists unless `everything` is asked for."""
    canvas, buffer, dpi_before = FigureCanvasAgg(figure), io.BytesIO(), figure.dpi
    if everything:
        canvas.print_figure(buffer, dpi=dpi)
    else:
        figure.dpi = dpi
        canvas.print_png(buffer)
    figure.dpi = dpi_before
    return base64.b64encode(buffer.getvalue()).decode()


def aloud():
    """A widget to put last into a box of widgets: it names them for a screen reader, and reads the box's words aloud.

    Names, because ipywidgets gives a slider's handle none, and no trait of Python's reaches it. The words are those of
    the element of class "gdhelpers-said".
    """
    script = f'<style onload="{html.escape(ALOUD)}"></style>'
    words = f'<p role="status" style="{UNSEEN}"></p>'
    place = {
        "width": "1px",
        "height": "1px",
        "margin": "-1px 0 0 0",
        "overflow": "hidden",
    }  # takes no room, is not gone
    return widgets.HTML(script + words, layout=place)


def heard_while_busy(*controls):
    """Let these widgets' callbacks run while a cell runs, on the thread that the page asks for.

    ipykernel 7.4 gives a widget's messages to the thread that last spoke for it: to begin with that of the cell that
    made it, which hears nothing until its work is done, so that a Stop button stops nothing. Older kernels know no such
    mark, and there this does nothing.
    """
    if not all(isinstance(control, widgets.Widget) for control in controls):
        raise ValueError(f"controls must be widgets; got {short(controls)}")
    for control in controls:
        vars(control.comm).pop("_reply_subshell_id", None)


def _still_bundle(figure, words):
    """What the notebook stores: a picture that GitHub, nbconvert and a screen reader can use without a kernel."""
    width, height = _size_shown(figure)
    data = {"image/png": _png(figure, 1.5 * PIXELS_PER_INCH, everything=True), "text/plain": words}
    return data, {"image/png": {"alt": words, "width": width, "height": height}}


class StillPicture:
    """A figure with its text alternative. As the last line of a cell it shows the figure and stores both.

    alt: what the figure shows, in words, for those who cannot see it.
    """

    @takes(figure=FIGURE, alt=TEXT)
    def __init__(self, figure, alt):
        self.figure, self.alt = figure, alt

    def _repr_mimebundle_(self, **_):
        data, metadata = _still_bundle(self.figure, self.alt)
        size = metadata["image/png"]
        # JupyterLab shows a PNG without its alternative, HTML with it
        picture = (
            f'<img alt="{html.escape(self.alt)}" width="{size["width"]}" height="{size["height"]}" '
            f'style="height:auto" src="data:image/png;base64,{data["image/png"]}">'
        )
        return {**data, "text/html": picture}, metadata


class _SvgRenderer(RendererBase):
    """Draws Matplotlib artists as short SVG. Units are points, so the figure's dpi must be 72 while it draws."""

    def __init__(self, figure, name):
        super().__init__()
        self.width, self.height = figure.get_size_inches() * POINTS_PER_INCH
        self.flip = Affine2D().scale(1, -1).translate(0, self.height)
        self.name, self.clips, self.parts = name, {}, []

    def get_canvas_width_height(self):
        return self.width, self.height

    def _path_data(self, path, transform, simplify=False, filled=False):
        margin = 100  # points far outside are cut here, before they are sent
        window = (-margin, -margin, self.width + margin, self.height + margin)
        if filled:
            path = path.transformed(transform + self.flip)
            box = Bbox.from_extents(*window)
            if box.count_contains(path.vertices) < len(path.vertices):
                path = path.clip_to_bbox(box)
        else:
            path = path.cleaned(transform + self.flip, remove_nans=True, clip=window, simplify=simplify)
        words = []
        for points, code in path.iter_segments():
            if code == Path.CLOSEPOLY:
                words.append("Z")
            elif code != Path.STOP:
                words.append(COMMANDS[code] + " ".join(f"{number:.1f}" for number in points))
        return "".join(words)

    def _add(self, gc, tag, attributes, text=""):
        """One element, clipped as the artist is: `gc` is Matplotlib's graphics context."""
        box = gc.get_clip_rectangle()
        if gc.get_clip_path()[0] is not None or gc.get_hatch():
            raise NotImplementedError("a clip path or a hatch")
        if box is not None:
            bounds = tuple(round(float(number), 1) for number in (box.x0, self.height - box.y1, box.width, box.height))
            attributes["clip-path"] = f"url(#{self.clips.setdefault(bounds, f'{self.name}-{len(self.clips)}')})"
        written = "".join(f' {key}="{html.escape(str(value))}"' for key, value in attributes.items())
        self.parts.append(f"<{tag}{written}>{html.escape(text)}</{tag}>")

    def _paint(self, gc, fill):
        color, alpha = gc.get_rgb(), gc.get_alpha() if gc.get_forced_alpha() else None
        paint = {"fill": "none" if fill is None else rgb2hex(fill)}
        if fill is not None and (opacity := fill[3] if len(fill) > 3 and alpha is None else alpha or 1) != 1:
            paint["fill-opacity"] = f"{opacity:.2g}"
        if gc.get_linewidth() > 0 and color[3] > 0:
            paint |= {"stroke": rgb2hex(color), "stroke-width": f"{gc.get_linewidth():g}", "stroke-linejoin": "round"}
            if (opacity := color[3] if alpha is None else alpha) != 1:
                paint["stroke-opacity"] = f"{opacity:.2g}"
            if gc.get_dashes()[1] is not None:
                paint["stroke-dasharray"] = " ".join(f"{length:.3g}" for length in gc.get_dashes()[1])
        return paint

    def draw_path(self, gc, path, transform, rgbFace=None):
        filled = rgbFace is not None
        data = self._path_data(path, transform, path.should_simplify and not filled, filled)
        self._add(gc, "path", {"d": data, **self._paint(gc, rgbFace)})

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None):
        points = (trans + self.flip).transform(path.vertices)
        points = points[np.isfinite(points).all(axis=1) & (np.abs(points) < 1e4).all(axis=1)].round(1)
        points = points[np.r_[True, (np.diff(points, axis=0) != 0).any(axis=1)]] if len(points) else points
        name = f"{self.name}-m{len(self.parts)}"
        shape = self._path_data(marker_path, marker_trans + Affine2D().scale(1, -1) + self.flip.inverted())
        paint = " ".join(f'{key}="{value}"' for key, value in self._paint(gc, rgbFace).items())
        self.parts.append(
            f'<marker id="{name}" markerUnits="userSpaceOnUse" overflow="visible"><path d="{shape}" {paint}/></marker>'
        )
        data = "M" + " ".join(f"{x:g} {y:g}" for x, y in points.tolist()) if len(points) else ""
        ends = {f"marker-{place}": f"url(#{name})" for place in ("start", "mid", "end")}
        self._add(gc, "path", {"d": data, "fill": "none", **ends})

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        if ismath:
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)  # formulas become outlines
            return
        attributes = {"x": f"{x:.1f}", "y": f"{y:.1f}", "font-size": f"{prop.get_size_in_points():g}"}
        attributes |= {"fill": rgb2hex(gc.get_rgb()), "textLength": f"{self._text_width(s, prop):.1f}"}
        if gc.get_alpha() != 1:
            attributes["fill-opacity"] = f"{gc.get_alpha():.2g}"
        if prop.get_weight() in ("bold", 700):
            attributes["font-weight"] = "bold"
        if angle:
            attributes["transform"] = f"rotate({-angle:g} {x:.1f} {y:.1f})"
        self._add(gc, "text", attributes, s)

    def _text_width(self, s, prop):
        return self.get_text_width_height_descent(s, prop, ismath=False)[0]

    def draw_image(self, gc, x, y, im, transform=None):
        raise NotImplementedError("an image")

    def draw_gouraud_triangles(self, gc, triangles_array, colors_array, transform):
        raise NotImplementedError("shaded triangles")

    def document(self, alt):
        """The finished SVG. It fills its grid cell, whatever the size of the window."""
        clips = "".join(
            f'<clipPath id="{name}"><rect x="{x}" y="{y}" width="{width}" height="{height}"/></clipPath>'
            for (x, y, width, height), name in self.clips.items()
        )
        return (
            f'<svg role="img" viewBox="0 0 {self.width:g} {self.height:g}" style="{LAYER}" '
            f'font-family="DejaVu Sans,Verdana,sans-serif" aria-label="{html.escape(alt)}">'
            f"{clips}{''.join(self.parts)}</svg>"
        )


class LivePicture(widgets.VBox):
    """Controls, a figure that follows them, and a sentence that says what it shows.

    figure: a `matplotlib.figure.Figure`, not one of pyplot's: callbacks run on another thread.
    actors: the artists that move. Everything else is scenery, repainted only when something in it changes, so choose
        limits that hold for a whole drag.
    controls: {name: widget}. update: called as `update(**{name: value})`; sets the actors and returns the sentence.
    alt: what the figure is, in words.
    Raises TypeError when an actor cannot be drawn as SVG. An error in `update` becomes a sentence, the picture stays.
    """

    @takes(figure=FIGURE, actors=ACTORS, controls=CONTROLS, update=FUNCTION, alt=TEXT)
    def __init__(self, figure, actors, controls, update, *, alt):
        self.figure, self.actors, self.controls, self.alt = figure, list(actors), dict(controls), alt
        self._update, self._lock = update, threading.RLock()
        figure.dpi = POINTS_PER_INCH
        FigureCanvasAgg(figure)
        self._layout = figure.get_layout_engine()
        for actor in self.actors:
            actor.set_animated(True)
            actor.set_in_layout(False)
        self._lay_out()
        figure.set_layout_engine("none")  # only _lay_out may move the axes: all layers and the still picture must agree
        layer = {"grid_area": "1 / 1", "margin": "0", "width": "100%"}
        self._scenery, self._moving = widgets.HTML(layout=layer), widgets.HTML(layout=layer)
        width = f"{_size_shown(figure)[0]}px"
        stage = widgets.Box([self._scenery, self._moving], layout={"display": "grid", "width": "100%"})
        stage.layout.max_width = width
        row = widgets.Box(list(self.controls.values()), layout={"flex_flow": "row wrap", "max_width": width})
        super().__init__([row, stage, aloud()])
        self.sentence = self._svg = ""
        self.refresh(strict=True)
        for control in self.controls.values():
            if control.has_trait("value"):
                control.observe(lambda change: self.refresh(), "value")
        heard_while_busy(*self.controls.values())

    @property
    def values(self):
        """What the controls say now, {name: value}; buttons have no value."""
        return {name: control.value for name, control in self.controls.items() if control.has_trait("value")}

    def refresh(self, strict=False):
        """Compute, draw, say. With `strict` an error is raised instead of shown."""
        with self._lock:
            try:
                values = self.values
                for name, value in values.items():
                    if value is None or value != value:  # ipywidgets lets None and NaN pass, though no mouse sets them
                        raise ValueError(f"{name} has no value")
                sentence = self._update(**values)
                if not isinstance(sentence, str):
                    raise ValueError(f"update must return a sentence; it returned {short(sentence)}")
                self.sentence = sentence
                self._draw()
            except Exception as error:
                if strict:
                    raise
                self.sentence = f"This setting does not work: {error}"
            # one message for both: a picture and its words change together
            words = f'<p class="gdhelpers-said" style="line-height:1.5;margin:0">{html.escape(self.sentence)}</p>'
            self._moving.value = f"<div>{self._svg}{words}</div>"

    def _lay_out(self):
        if self._layout is not None:
            self._layout.execute(self.figure)

    def _draw(self):
        if self.figure.stale or not self._scenery.value:  # actors are animated: only scenery makes a figure stale
            self._lay_out()
            png = _png(self.figure, SHARPNESS * PIXELS_PER_INCH)
            self.figure.stale = False
            self._scenery.value = f'<img alt="" decoding="sync" style="{LAYER}" src="data:image/png;base64,{png}">'
        renderer = _SvgRenderer(self.figure, f"clip-{self.model_id}")
        for actor in sorted(self.actors, key=lambda actor: actor.get_zorder()):
            try:
                actor.draw(renderer)
            except NotImplementedError as reason:
                raise TypeError(f"a live picture cannot move {type(actor).__name__}: it needs {reason}") from None
        self._svg = renderer.document(f"{self.alt} {self.sentence}")

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs) or {}
        with self._lock:
            stale = self.figure.stale
            data, metadata = _still_bundle(self.figure, f"{self.alt} {self.sentence}")
            self.figure.stale = stale
        return {**bundle, **data}, metadata
