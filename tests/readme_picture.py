"""Draw the README's picture: the learning-rate explorer of lesson 04 while its slider is dragged."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from gdhelpers.datasets import houses
from gdhelpers.widgets import learning_rate_explorer

TARGET = Path(__file__).parent.parent / "notebooks" / "images" / "learning_rate.gif"


def frames():
    """The figure at each learning rate of the drag, as palette images."""
    picture = learning_rate_explorer(*houses())
    picture.controls["units"].value = "thousands"
    for exponent in np.linspace(-3, -0.5, 36):
        picture.controls["learning_rate"].value = 10**exponent
        page = io.BytesIO()
        picture.figure.savefig(page, dpi=80, format="png")
        yield Image.open(page).convert("RGB").quantize(160, Image.Quantize.MAXCOVERAGE)


def main():
    first, *others = frames()
    waits = [900] + [140] * (len(others) - 1) + [1500]
    TARGET.parent.mkdir(exist_ok=True)
    first.save(TARGET, save_all=True, append_images=others, duration=waits, loop=0, optimize=True)


if __name__ == "__main__":
    main()
