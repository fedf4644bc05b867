"""The explorer of lesson 09: the key formula, symbol by symbol. No mathematics here."""

import numpy as np

from gdhelpers import plots
from gdhelpers.arguments import CURVE, above, heights, number_from, takes
from gdhelpers.live import LivePicture
from gdhelpers.plots import number
from gdhelpers.widgets.controls import choice, margins, mark_escape, slider

PLACES = {"w_new": 0.13, "=": 0.27, "w_old": 0.41, "−": 0.54, "α": 0.63, "·": 0.71, "∇Loss": 0.84}  # along the formula
BUTTONS = {"w_new": "w_new", "w_old": "w_old", "− (minus)": "−", "α (alpha)": "α", "∇Loss (nabla)": "∇Loss"}
COLOURS = {"w_new": plots.MODEL, "w_old": plots.DATA, "−": plots.MODEL, "α": plots.MODEL, "∇Loss": plots.SLOPE}


def _explained(symbol, w, learning_rate, slope, new, loss):
    """What this symbol is, which word of code stands for it, and where it was met."""
    side = "right" if slope > 0 else "left"
    other = "left" if slope > 0 else "right"
    level = abs(slope) < 1e-9
    if symbol == "w_old":
        return f"w_old is where you stand: {number(w)}. In code it is w, before the step. Met in lesson 02."
    if symbol == "w_new":
        where = f"{number(new)}, and the loss goes from {number(loss(w))} to {number(loss(new))}"
        return f"w_new is where the step leads: {where}. In code it is w, after the step. Met in lesson 03."
    if symbol == "α":
        what = f"how much of the slope you walk: {number(learning_rate)}, so {number(abs(new - w))} here"
        return f"α, alpha, is the learning rate: {what}. In code it is learning_rate. Met in lesson 04."
    if symbol == "−":
        way = "but here it is level, so you stay" if level else f"∇Loss points to the {side}, so you go to the {other}"
        return f"Minus means: against the gradient, downhill. Here {way}. In code it is the -. Met in lesson 02."
    what = f"a slope of {number(slope)}, " + ("level ground" if level else f"the loss rises to the {side}")
    return f"∇Loss, nabla loss, is the gradient: here {what}. In code it is gradient. Met in lesson 03."


@takes(landscape=CURVE, low=number_from(), high=above("low"), w=number_from(), learning_rate=number_from(0, 1.2))
def formula_explorer(landscape, low=-3.0, high=3.0, w=2.0, learning_rate=0.3):
    """Choose a symbol of w_new = w_old - α · ∇Loss: it is shown in the formula and on the curve, and explained."""
    fig, (top, ax) = plots.figure(2, 1, width=8, height=5.2, height_ratios=[1, 3.2])
    top.axis("off")
    style = {"ha": "center", "va": "center", "transform": top.transAxes}
    symbols = {symbol: top.text(x, 0.75, symbol, fontsize=26, **style) for symbol, x in PLACES.items()}
    values = {symbol: top.text(x, 0.2, symbol, fontsize=17, **style) for symbol, x in PLACES.items()}
    (mark,) = top.plot([], [], linewidth=3, transform=top.transAxes)
    top.set(xlim=(0, 1), ylim=(0, 1))
    air = 0.1 * (high - low)  # so that a walker at either end of the slider is seen whole
    x = np.linspace(low - air, high + air, 301)
    curve = heights(landscape, x)
    ax.plot(x, curve, color=plots.FAINT, linewidth=2)
    plots.plain(ax, "w", "loss")
    bottom, highest = margins(curve)
    bottom -= 0.25 * (highest - bottom)  # room for the arrow below the curve
    ax.set(xlim=(x[0], x[-1]), ylim=(bottom, highest))
    ax.set_yticks([tick for tick in ax.get_yticks() if curve.min() <= tick <= highest])
    track = bottom + 0.09 * (highest - bottom)
    tangent, old, new_dot = plots.slope_line(ax), plots.here(ax, color=plots.DATA), plots.here(ax)
    (step,) = ax.plot([], [], color=plots.MODEL, linewidth=3)
    (head,) = ax.plot([], [], color=plots.MODEL, marker="<", markersize=13, linestyle="none")
    guides = [ax.plot([], [], ":", color=plots.FAINT, linewidth=1)[0] for _ in range(2)]
    label = ax.text(0, 0, "", fontsize=plots.MEDIUM, va="center")
    remark = plots.remark(ax)

    def update(symbol, w, learning_rate):
        symbol = BUTTONS[symbol]
        slope = float(landscape.gradient(w))
        new = w - learning_rate * slope
        shown = dict(
            zip(PLACES, (number(new), "=", number(w), "−", number(learning_rate), "·", number(slope)), strict=True)
        )
        if slope < 0:
            shown["∇Loss"] = f"({number(slope)})".replace("-", "−")
        for name, text in symbols.items():
            colour = COLOURS[name] if name == symbol else plots.FAINT
            text.set(color=colour, fontweight="bold" if name == symbol else "normal")
            values[name].set(text=shown[name].replace("-", "−"), color=colour)
        width = 0.012 * len(symbol) + 0.01
        mark.set_data([PLACES[symbol] - width, PLACES[symbol] + width], [0.47, 0.47])
        mark.set_color(COLOURS[symbol])
        here, there = float(landscape.loss(w)), float(landscape.loss(new))
        plots.set_slope_line(tangent, w, here, slope, length=(high - low) / 5)
        old.set_data([w], [here])
        new_dot.set_data([new], [there])
        step.set_data([w, new], [track, track])
        head.set_data([new], [track])
        head.set_marker("<" if new < w else ">" if new > w else "|")
        for guide, place, height in zip(guides, (w, new), (here, there), strict=True):
            guide.set_data([place, place], [track, height])
        on = {"w_old": (old,), "w_new": (new_dot,), "∇Loss": (tangent,), "−": (step, head), "α": (step, head)}
        for artist in (tangent, old, new_dot, step, head):
            artist.set_alpha(1 if artist in on[symbol] else 0.25)
        tangent.set_linewidth(5 if symbol == "∇Loss" else 3)
        at = {"w_old": (w, here), "w_new": (new, there), "∇Loss": (w, here)}.get(symbol, ((w + new) / 2, track))
        words = {"−": "downhill", "α": "α times the slope", "∇Loss": f"slope {number(slope)}"}.get(symbol, symbol)
        _beside(label, at, words, COLOURS[symbol], below=symbol in "−α")
        escape = mark_escape(remark, new, there)
        sum_in_words = " ".join(shown.values()).replace("-", "−")
        return f"{sum_in_words}. {_explained(symbol, w, learning_rate, slope, new, landscape.loss)}{escape}"

    controls = {
        "symbol": choice("symbol", BUTTONS, "122px", value="∇Loss (nabla)"),
        "w": slider("w_old", low, high, w, 0.1),
        "learning_rate": slider("learning rate α", 0.0, 1.2, learning_rate, 0.05),
    }
    actors = [*symbols.values(), *values.values(), mark, *guides, tangent, step, head, old, new_dot, label, remark]
    alt = "The formula w_new = w_old − α · ∇Loss with its numbers, one symbol marked; below it one step on a curve."
    return LivePicture(fig, actors, controls, update, alt=alt)


def _beside(label, at, words, colour, below):
    """Put the words next to a place, on the side where there is room."""
    (left, right), (bottom, top) = label.axes.get_xlim(), label.axes.get_ylim()
    x, y = at
    if below:
        x = min(max(x, left + 0.12 * (right - left)), right - 0.12 * (right - left))
        label.set(position=(x, y - 0.055 * (top - bottom)), ha="center")
    else:
        late, air = x > (left + right) / 2, 0.02 * (right - left)
        label.set(position=(x - air if late else x + air, y + 0.06 * (top - bottom)), ha="right" if late else "left")
    label.set(text=words if left <= x <= right and bottom <= y <= top else "", color=colour)
