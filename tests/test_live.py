"""A live picture: the scenery stands, the actors move, and what is stored needs no kernel."""

import base64
import io
import re
import threading
import time
import xml.etree.ElementTree as ET

import ipywidgets as widgets
import numpy as np
import pytest
from matplotlib.image import imread
from matplotlib.offsetbox import AnchoredText
from matplotlib.patches import Circle, Polygon
from matplotlib.path import Path

from gdhelpers import live, plots
from gdhelpers.live import LivePicture, StillPicture

WIDTH, HEIGHT = 432, 288  # of the figure below, 6 by 4 inches, in points


def stage(draw, update=None, xlim=(0, 10), ylim=(0, 10), alt="A line.", value=3.0):
    """A live picture whose actors are what `draw(ax)` returns, with one slider x; gives (picture, ax, actors)."""
    fig, ax = plots.figure(width=6, height=4)
    ax.set(xlim=xlim, ylim=ylim)
    actors = draw(ax)
    actors = actors if isinstance(actors, list) else [actors]
    slider = widgets.FloatSlider(min=0, max=10, value=value)
    picture = LivePicture(fig, actors, {"x": slider}, update or (lambda x: f"x is {x}."), alt=alt)
    return picture, ax, actors


def moving_dot(update=None, **options):
    """A dot at (x, x) with its slider; gives (picture, ax, dot)."""

    def follow(x):
        dot.set_data([x], [x])
        return f"x is {x}."

    fig, ax = plots.figure(width=6, height=4)
    ax.set(xlim=(0, 10), ylim=(0, 10))
    (dot,) = ax.plot([], [], "o", color=plots.MODEL, markersize=11)
    slider = widgets.FloatSlider(min=0, max=10, value=3)
    return LivePicture(fig, [dot], {"x": slider}, update or follow, alt="A dot.", **options), ax, dot


def svg(picture):
    """The drawing of the moving layer, parsed."""
    return ET.fromstring(picture._moving.value)[0]


def said(picture):
    """The paragraph of the moving layer, parsed: the sentence under the picture."""
    return ET.fromstring(picture._moving.value)[1]


def shapes(picture):
    """The <path> elements of the moving layer that are not a marker's own outline."""
    return [child for child in svg(picture) if child.tag == "path"]


def points(element):
    """The corners of a path of straight lines, (n, 2)."""
    return np.array(re.findall(r"-?\d+(?:\.\d+)?", element.get("d")), dtype=float).reshape(-1, 2)


def on_screen(ax, xy):
    """Where the data points are in the SVG: points, y downward."""
    return np.array([0, HEIGHT]) + ax.transData.transform(xy) * [1, -1]


def png(data):
    """The pixels of a stored picture."""
    return imread(io.BytesIO(base64.b64decode(data)))


# What is painted when


def test_moving_an_actor_leaves_the_scenery_alone(monkeypatch):
    painted, paint = [], live._png
    monkeypatch.setattr(live, "_png", lambda *args, **options: painted.append(args) or paint(*args, **options))
    picture, ax, _ = moving_dot()
    assert len(painted) == 1
    scenery = picture._scenery.value
    for x in (4, 9.5, 0):
        picture.controls["x"].value = x
        assert np.allclose(points(shapes(picture)[0]), on_screen(ax, [(x, x)]), atol=0.051)
        assert picture._scenery.value == scenery
    assert len(painted) == 1, "the scenery was painted again"


@pytest.mark.parametrize(
    "change",
    [
        lambda ax: ax.set_xlim(0, 20),
        lambda ax: ax.set_title("another title"),
        lambda ax: ax.axvline(3),
        lambda ax: ax.set_yscale("symlog"),
        lambda ax: ax.figure.suptitle("higher up"),
    ],
    ids=["limits", "title", "line", "scale", "figure"],
)
def test_changing_anything_that_is_no_actor_repaints_the_scenery(change):
    picture, ax, _ = moving_dot()
    before = picture._scenery.value
    change(ax)
    picture.controls["x"].value = 7
    assert picture._scenery.value != before
    after = picture._scenery.value
    picture.controls["x"].value = 5
    assert picture._scenery.value == after


def test_axes_make_room_for_new_scenery_and_the_actors_go_with_them():
    picture, ax, _ = moving_dot()
    top = ax.get_window_extent().y1
    ax.set_title("three\nlines\nhigh")
    picture.controls["x"].value = 7
    assert ax.get_window_extent().y1 < top - 20
    assert np.allclose(points(shapes(picture)[0]), on_screen(ax, [(7, 7)]), atol=0.051)


def test_change_of_the_scenery_is_not_forgotten_when_the_picture_is_shown_before_the_next_move():
    picture, ax, _ = moving_dot()
    before = picture._scenery.value
    ax.set_title("another title")
    picture._repr_mimebundle_()
    picture.controls["x"].value = 7
    assert picture._scenery.value != before


def test_scenery_is_a_sharp_png_without_the_actors():
    picture, _, dot = moving_dot()
    url = re.search(r'src="data:image/png;base64,([^"]+)"', picture._scenery.value)[1]
    image = png(url)
    assert image.shape[:2] == (2 * 4 * 96, 2 * 6 * 96)
    assert np.ptp(image) > 0
    dot.set_visible(False)
    assert picture._scenery.value == moving_dot()[0]._scenery.value
    inside = image[300:500, 300:900, :3]  # the middle of the empty axes
    assert (inside == 1).all()


def test_same_values_give_the_same_layers_apart_from_ids():
    one, other = moving_dot()[0], moving_dot()[0]
    for picture in (one, other):
        picture.controls["x"].value = 5
    assert one._moving.value != other._moving.value
    assert one._moving.value.replace(one.model_id, "") == other._moving.value.replace(other.model_id, "")
    assert one._scenery.value == other._scenery.value
    before = one._moving.value
    one.controls["x"].value = 8
    one.controls["x"].value = 5
    assert one._moving.value == before


def test_ids_of_two_pictures_on_one_page_differ():
    def ids(picture):
        found = re.findall(r'\bid="([^"]+)"', picture._moving.value)
        assert len(set(found)) == len(found) >= 2, "a clip and a marker"
        return set(found)

    def used(picture):
        return set(re.findall(r"url\(#([^)]+)\)", picture._moving.value))

    one, other = moving_dot()[0], moving_dot()[0]
    assert not ids(one) & ids(other)
    assert used(one) == ids(one)


# The SVG


def test_svg_is_an_image_with_words_as_wide_as_the_figure():
    picture, _, _ = moving_dot()
    root = svg(picture)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "A dot. x is 3.0."
    assert root.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"
    picture.controls["x"].value = 4
    assert svg(picture).get("aria-label") == "A dot. x is 4.0."


@pytest.mark.parametrize("words", ["a < b & c > d", 'she said "no"', "<script>alert(1)</script>", "it's 2/λmax → 3"])
def test_any_words_can_be_said(words):
    picture, _, _ = stage(lambda ax: ax.text(1, 1, words), lambda x: words, alt=words)
    root = svg(picture)
    assert root.get("aria-label") == f"{words} {words}"
    assert [text.text for text in root.iter("text")] == [words]
    paragraph = said(picture)
    assert paragraph.text == words
    assert paragraph.get("class") == "gdhelpers-said", "aloud.js finds the words by it"
    assert len(paragraph) == 0


def test_line_lies_where_matplotlib_would_put_it():
    data = np.array([[1, 2], [4, 9], [9, 0.5]])
    picture, ax, _ = stage(lambda ax: ax.plot(*data.T, color="#123456", linewidth=2.5)[0])
    assert picture.figure.dpi == 72
    (line,) = shapes(picture)
    assert np.allclose(points(line), on_screen(ax, data), atol=0.051)
    assert line.get("stroke") == "#123456"
    assert float(line.get("stroke-width")) == 2.5
    assert line.get("fill") == "none"
    assert line.get("d").startswith("M")


def test_line_on_a_log_scale_lies_there_too():
    data = np.array([[1, 1e-3], [5, 10]])

    def draw(ax):
        ax.set_yscale("log")
        return ax.plot(*data.T)[0]

    picture, ax, _ = stage(draw, ylim=(1e-4, 1e2))
    assert np.allclose(points(shapes(picture)[0]), on_screen(ax, data), atol=0.051)


def test_polygon_is_filled_closed_and_see_through():
    corners = np.array([[1, 1], [1, 4], [4, 4], [4, 1]])
    style = {"facecolor": "#56B4E9", "edgecolor": "#0072B2", "alpha": 0.35, "linewidth": 1}
    picture, ax, _ = stage(lambda ax: ax.add_patch(Polygon(corners, **style)))
    (square,) = shapes(picture)
    assert np.allclose(points(square)[:4], on_screen(ax, corners), atol=0.051)
    assert square.get("d").endswith("Z")
    assert (square.get("fill"), square.get("stroke")) == ("#56b4e9", "#0072b2")
    assert float(square.get("fill-opacity")) == float(square.get("stroke-opacity")) == 0.35


def test_face_and_edge_keep_their_own_alpha():
    style = {"facecolor": (1, 0, 0, 0.25), "edgecolor": (0, 0, 1, 0.75)}
    picture, _, _ = stage(lambda ax: ax.add_patch(Polygon([(1, 1), (1, 4), (4, 4)], **style)))
    (shape,) = shapes(picture)
    assert (float(shape.get("fill-opacity")), float(shape.get("stroke-opacity"))) == (0.25, 0.75)


def test_opaque_line_has_no_opacity_and_solid_no_dashes():
    picture, _, _ = stage(lambda ax: ax.plot([1, 2], [1, 2])[0])
    (line,) = shapes(picture)
    assert not {"stroke-opacity", "stroke-dasharray", "fill-opacity"} & set(line.attrib)


def test_polygon_without_an_edge_has_no_stroke():
    corners = [(1, 1), (1, 4), (4, 4)]
    picture, _, _ = stage(lambda ax: ax.add_patch(Polygon(corners, facecolor="red", linewidth=0)))
    assert shapes(picture)[0].get("stroke") is None


def test_dashes_appear_as_long_as_matplotlib_draws_them():
    picture, _, (line,) = stage(lambda ax: ax.plot([1, 9], [1, 9], linestyle=(0, (4, 2)), linewidth=2, alpha=0.5)[0])
    (drawn,) = shapes(picture)
    assert drawn.get("stroke-dasharray") == "8 4"
    assert float(drawn.get("stroke-opacity")) == 0.5
    line.set_linestyle("-")
    picture.refresh()
    assert shapes(picture)[0].get("stroke-dasharray") is None


def test_dots_and_circles_look_round():
    draw = [lambda ax: ax.plot([5], [5], "o", markersize=11)[0], lambda ax: ax.add_patch(Circle((5, 5), 1))]
    dot, circle = (next(svg(stage(one)[0]).iter("path")) for one in draw)
    corners = points(dot)[:-1]
    halfway = (corners + np.roll(corners, 1, axis=0)) / 2
    assert np.allclose(np.hypot(*corners.T), 5.5, atol=0.15)
    assert np.allclose(np.hypot(*halfway.T), 5.5, atol=0.25), "a dot with corners"
    assert len(points(circle)) > 12


def test_every_point_gets_its_marker():
    data = np.array([[1, 2], [4, 9], [9, 0.5], [5, 5]])
    picture, ax, _ = stage(lambda ax: ax.plot(*data.T, "o", color="#D55E00", markersize=8)[0])
    (places,) = shapes(picture)
    assert np.allclose(points(places), on_screen(ax, data), atol=0.051)
    markers = list(svg(picture).iter("marker"))
    assert len(markers) == 1
    name = f"url(#{markers[0].get('id')})"
    assert {places.get(f"marker-{place}") for place in ("start", "mid", "end")} == {name}
    assert places.get("fill") == "none"
    assert places.get("stroke") is None
    outline = markers[0][0]
    assert outline.get("fill") == "#d55e00"
    sizes = np.array(re.findall(r"-?\d+\.\d+", outline.get("d")), dtype=float)
    assert np.abs(sizes).max() == pytest.approx(4, abs=0.1), "a marker of 8 points reaches 4 from its middle"


def test_marker_stands_upright():
    picture, _, _ = stage(lambda ax: ax.plot([5], [5], "v", markersize=10)[0])
    corners = points(next(svg(picture).iter("marker"))[0])
    lowest = corners[corners[:, 1].argmax()]  # y is downward in an SVG
    assert lowest[0] == pytest.approx(0, abs=0.1), "the tip of a triangle that points down"


def test_points_that_are_not_a_number_or_far_away_get_no_marker():
    x, y = [1, np.nan, 3, 4, 1e300, 6], [1, 2, np.nan, 4, 5, -np.inf]
    picture, ax, _ = stage(lambda ax: ax.plot(x, y, "o")[0])
    assert np.allclose(points(shapes(picture)[0]), on_screen(ax, [(1, 1), (4, 4)]), atol=0.051)


@pytest.mark.parametrize("data", [([], []), ([np.nan], [np.nan])], ids=["empty", "NaN"])
def test_actor_without_a_place_draws_nothing(data):
    picture, _, _ = stage(lambda ax: ax.plot(*data, "o-")[0])
    assert not "".join(shape.get("d") for shape in shapes(picture))


def test_not_a_number_leaves_a_gap_in_a_line():
    x, y = np.array([1, 2, 3, 4, 5.0]), np.array([1, 2, np.nan, 4, 5])
    picture, ax, _ = stage(lambda ax: ax.plot(x, y)[0])
    (line,) = shapes(picture)
    assert line.get("d").count("M") == 2
    assert np.allclose(points(line), on_screen(ax, np.column_stack([x, y])[[0, 1, 3, 4]]), atol=0.051)


@pytest.mark.parametrize("far", [50, 1e4, 1e9, 1e150, 1e300])
def test_points_far_outside_are_cut_before_they_are_sent(far):
    x, y = [0, far, 5, -far, 5], [0, far, 5, 5, -far]
    picture, ax, _ = stage(lambda ax: ax.plot(x, y, "o-")[0])
    line, dots = shapes(picture)
    assert np.abs(points(line)).max() < 1000
    assert np.abs(points(dots)).max() < 1e5
    assert np.allclose(points(line)[0], on_screen(ax, (0, 0)), atol=0.051)
    assert len(picture._moving.value) < 4000


@pytest.mark.parametrize("far", [20, 50, 1000, 1e6])
def test_area_that_reaches_far_outside_still_covers_what_it_covers(far):
    corners = [(2, 2), (2, far), (far, far), (far, 2)]
    picture, ax, _ = stage(lambda ax: ax.add_patch(Polygon(corners, facecolor="red")))
    (shape,) = shapes(picture)
    assert np.abs(points(shape)).max() < 2000
    assert shape.get("d").count("M") == 1, "the area fell apart"
    outline = Path(points(shape))
    assert outline.contains_points(on_screen(ax, [(3, 3), (9, 9), (3, 9), (9, 3)])).all()
    assert not outline.contains_points(on_screen(ax, [(1, 1), (1, 9), (9, 1)])).any()


def test_actors_are_clipped_to_the_box_of_their_axes():
    fig, axes = plots.figure(1, 2, width=6, height=4)
    lines = [ax.plot([0, 1], [0, 1])[0] for ax in axes]
    picture = LivePicture(fig, lines, {}, lambda: "", alt="Two lines.")
    root = svg(picture)
    boxes = {clip.get("id"): [float(clip[0].get(key)) for key in ("x", "y", "width", "height")] for clip in root[:2]}
    assert len(boxes) == 2
    for shape, ax in zip(shapes(picture), axes, strict=True):
        box = ax.get_window_extent()
        wanted = [box.x0, HEIGHT - box.y1, box.width, box.height]
        assert boxes[shape.get("clip-path")[5:-1]] == pytest.approx(wanted, abs=0.051)


def test_actor_that_may_leave_its_axes_is_not_clipped():
    picture, _, _ = stage(lambda ax: ax.plot([1, 12], [1, 12], clip_on=False)[0])
    assert shapes(picture)[0].get("clip-path") is None


def test_actors_are_drawn_in_the_order_of_matplotlib():
    def draw(ax):
        return [ax.plot([1, 2], [1, 2], color=color, zorder=z)[0] for color, z in (("#ff0000", 5), ("#0000ff", 2))]

    picture, _, _ = stage(draw)
    assert [shape.get("stroke") for shape in shapes(picture)] == ["#0000ff", "#ff0000"]


def test_hidden_actor_is_not_drawn():
    picture, _, (line,) = stage(lambda ax: ax.plot([1, 2], [1, 2])[0])
    line.set_visible(False)
    picture.refresh()
    assert shapes(picture) == []


# Text


def test_text_stays_text_where_it_belongs():
    style = {"fontsize": 14, "color": "#D55E00", "weight": "bold"}
    picture, ax, _ = stage(lambda ax: ax.text(2, 3, "loss 6,875", **style))
    (text,) = svg(picture).iter("text")
    assert text.text == "loss 6,875"
    assert (text.get("fill"), text.get("font-weight"), float(text.get("font-size"))) == ("#d55e00", "bold", 14)
    assert [float(text.get("x")), float(text.get("y"))] == pytest.approx(on_screen(ax, (2, 3)), abs=0.6)
    assert shapes(picture) == []


def test_text_is_as_long_as_matplotlib_makes_it():
    picture, ax, (right,) = stage(lambda ax: ax.text(8, 3, "loss 6,875", ha="right"))
    (text,) = svg(picture).iter("text")
    length = float(text.get("textLength"))
    assert length == pytest.approx(right.get_window_extent().width, abs=1)
    assert float(text.get("x")) + length == pytest.approx(on_screen(ax, (8, 3))[0], abs=1)


def test_text_of_two_lines_and_turned_text_are_drawn():
    picture, _, _ = stage(lambda ax: [ax.text(2, 3, "one\ntwo"), ax.text(5, 5, "up", rotation=90)])
    texts = list(svg(picture).iter("text"))
    assert sorted(text.text for text in texts) == ["one", "two", "up"]
    turned = next(text for text in texts if text.text == "up")
    assert turned.get("transform").startswith("rotate(-90 ")


def test_see_through_text_is_see_through():
    picture, _, _ = stage(lambda ax: ax.text(2, 3, "faint", alpha=0.25))
    (text,) = svg(picture).iter("text")
    assert float(text.get("fill-opacity")) == 0.25


def test_formula_becomes_outlines():
    picture, _, _ = stage(lambda ax: ax.text(2, 3, r"$\alpha\lambda$"))
    assert list(svg(picture).iter("text")) == []
    assert shapes(picture)
    assert shapes(picture)[0].get("fill") == "#000000"


# What cannot be drawn


@pytest.mark.parametrize(
    ("draw", "name"),
    [
        (lambda ax: ax.imshow(np.eye(3)), "AxesImage"),
        (lambda ax: ax.pcolormesh(np.arange(9.0).reshape(3, 3), shading="gouraud"), "QuadMesh"),
        (lambda ax: ax.add_patch(Polygon([(1, 1), (1, 4), (4, 4)], hatch="//")), "Polygon"),
        (lambda ax: ax.plot([1, 2], [1, 2], clip_path=Circle((0, 0), 3, transform=ax.transData))[0], "Line2D"),
    ],
    ids=["image", "shaded mesh", "hatch", "clip path"],
)
def test_artist_that_cannot_be_svg_is_refused_at_once_by_name(draw, name):
    with pytest.raises(TypeError, match=f"cannot move {name}: it needs ") as caught:
        stage(draw)
    assert caught.value.__suppress_context__


def test_collections_and_boxes_can_move():
    picture, _, _ = stage(lambda ax: ax.scatter([1, 2, 3], [1, 2, 3]))
    assert len(points(shapes(picture)[0])) == 3
    picture, _, _ = stage(lambda ax: ax.add_artist(AnchoredText("a box", loc="upper left")))
    assert [text.text for text in svg(picture).iter("text")] == ["a box"]


# When something goes wrong


def test_error_becomes_a_plain_sentence_the_picture_stays_and_the_next_good_value_recovers():
    def follow(x):
        if x > 5:
            raise ValueError("x must be <= 5 & real")
        dot.set_data([x], [x])
        return f"x is {x}."

    dot = None
    picture, _, dot = moving_dot(lambda x: follow(x) if dot else "")
    picture.controls["x"].value = 4
    good = picture._svg
    picture.controls["x"].value = 6
    assert picture.sentence == "This setting does not work: x must be <= 5 & real"
    assert said(picture).text == picture.sentence
    assert picture._svg == good
    picture.controls["x"].value = 5
    assert picture.sentence == "x is 5.0."
    assert said(picture).text == "x is 5.0."
    assert picture._svg != good


def test_error_at_the_start_is_raised():
    with pytest.raises(ZeroDivisionError):
        moving_dot(lambda x: 1 / 0)


def test_two_threads_that_move_at_once_do_no_harm():
    seen, inside = [], threading.Lock()

    def follow(x, y):
        assert inside.acquire(blocking=False), "two updates at the same time"
        try:
            line.set_data([0, x], [0, y])
            time.sleep(0.001)  # lets the other thread come in, if it can
            seen.append((x, y))
            return f"x is {x}, y is {y}."
        finally:
            inside.release()

    fig, ax = plots.figure(width=4, height=3)
    ax.set(xlim=(0, 200), ylim=(0, 200))
    (line,) = ax.plot([], [])
    controls = {name: widgets.IntSlider(max=200) for name in "xy"}
    picture = LivePicture(fig, [line], controls, follow, alt="A line.")

    def drag(name):
        for value in range(1, 101):
            controls[name].value = value
            if value % 50 == 0:
                picture._repr_mimebundle_()

    threads = [threading.Thread(target=drag, args=name) for name in "xy"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(seen) >= 201
    assert picture.sentence == "x is 100, y is 100."
    assert svg(picture).get("aria-label").endswith("x is 100, y is 100.")


# Controls


def test_values_are_what_the_controls_say_and_buttons_have_none():
    fig, _ = plots.figure()
    controls = {"x": widgets.FloatSlider(value=2), "go": widgets.Button(), "name": widgets.Dropdown(options=["a", "b"])}
    picture = LivePicture(fig, [], controls, lambda x, name: f"{x} {name}", alt="Nothing.")
    assert picture.values == {"x": 2, "name": "a"}
    controls["name"].value = "b"
    assert picture.sentence == "2.0 b"


def test_layers_lie_in_one_grid_cell_below_the_controls_and_the_words_come_with_the_drawing():
    picture, _, _ = moving_dot()
    row, stage_box, _aloud = picture.children
    assert list(row.children) == [picture.controls["x"]]
    assert list(stage_box.children) == [picture._scenery, picture._moving]
    assert stage_box.layout.display == "grid"
    assert {layer.layout.grid_area for layer in stage_box.children} == {"1 / 1"}
    assert stage_box.layout.max_width == "576px"
    assert said(picture).text == picture.sentence


def test_layers_still_lie_on_each_other_after_the_still_picture_was_made():
    picture, ax, _ = moving_dot()
    painted = ax.get_position().bounds
    picture._repr_mimebundle_()
    assert ax.get_position().bounds == painted


# What is stored


def test_stored_picture_shows_scenery_and_actors():
    picture, _, dot = moving_dot()
    data, _ = picture._repr_mimebundle_()
    image = png(data["image/png"])
    assert image.shape[:2] == (1.5 * 4 * 96, 1.5 * 6 * 96)
    assert np.ptp(image) > 0
    dot.set_visible(False)
    without = png(picture._repr_mimebundle_()[0]["image/png"])
    assert image.shape == without.shape
    assert (np.abs(image - without).max(axis=2) > 0.3).sum() > 100, "the dot is not in the stored picture"
    assert np.abs(image - without).mean() < 0.02, "more than the dot differs"


def test_stored_words_are_fixed_and_the_picture_has_size_and_alternative():
    picture, _, _ = moving_dot()
    first, metadata = picture._repr_mimebundle_()
    second, _ = picture._repr_mimebundle_()
    assert first["text/plain"] == second["text/plain"] == "A dot. x is 3.0."
    assert first["image/png"] == second["image/png"]
    assert metadata == {"image/png": {"alt": "A dot. x is 3.0.", "width": 576, "height": 384}}
    assert "application/vnd.jupyter.widget-view+json" in first, "it would not be live"
    picture.controls["x"].value = 8
    moved, metadata = picture._repr_mimebundle_()
    assert moved["text/plain"] == metadata["image/png"]["alt"] == "A dot. x is 8.0."
    assert moved["image/png"] != first["image/png"]


def test_storing_changes_neither_layer_nor_dpi():
    picture, _, _ = moving_dot()
    before = picture._scenery.value, picture._moving.value, picture.figure.dpi
    picture._repr_mimebundle_()
    picture.refresh()  # were the axes laid out anew, the dot would no longer stand where the scenery has its place
    assert (picture._scenery.value, picture._moving.value, picture.figure.dpi) == before


def test_still_picture_stores_the_figure_and_its_alternative():
    fig, ax = plots.figure(width=5, height=3)
    ax.plot([0, 1], [0, 1])
    still = StillPicture(fig, "A rising line.")
    data, metadata = still._repr_mimebundle_(include=None, exclude=None)
    assert set(data) == {"image/png", "text/html", "text/plain"}
    assert data["text/plain"] == "A rising line."
    shown = ET.fromstring(data["text/html"].replace(">", "/>"))
    assert (shown.tag, shown.get("alt"), shown.get("width"), shown.get("height")) == (
        "img",
        "A rising line.",
        "480",
        "288",
    )
    assert shown.get("src") == f"data:image/png;base64,{data['image/png']}"
    assert metadata == {"image/png": {"alt": "A rising line.", "width": 480, "height": 288}}
    image = png(data["image/png"])
    assert image.shape[:2] == (1.5 * 288, 1.5 * 480)
    assert np.ptp(image) > 0
    assert still._repr_mimebundle_()[0] == data


# On a projector


@pytest.fixture
def large():
    plots.enlarge()
    yield
    plots.enlarge(False)


def test_figures_on_a_projector_are_larger_and_so_are_their_letters(large):
    picture, ax, _ = moving_dot()
    assert picture.children[1].layout.max_width == picture.children[0].layout.max_width == "720px"
    assert ax.xaxis.label.get_size() > 1.1 * 12.5
    _, metadata = StillPicture(picture.figure, "A dot.")._repr_mimebundle_()
    assert (metadata["image/png"]["width"], metadata["image/png"]["height"]) == (720, 480)
    assert {label.get_size() for label in ax.get_xticklabels()} == {plots.SMALL}


def test_high_figure_leaves_room_for_its_controls_on_a_projector(large):
    for height, shown in ((5.5, 560), (7, 672)):
        fig, _ = plots.figure(width=6, height=height)
        assert StillPicture(fig, "Nothing.")._repr_mimebundle_()[1]["image/png"]["height"] == shown


def test_projector_can_be_ended():
    plots.enlarge()
    plots.enlarge(False)
    assert moving_dot()[0].children[1].layout.max_width == "576px"
    assert (plots.SMALL, plots.MEDIUM, plots.ZOOM) == (11, 12.5, 1)
