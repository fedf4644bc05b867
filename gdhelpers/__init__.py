"""Gradient descent, one honest step at a time: the mathematics and the pictures behind the notebooks."""

__version__ = "0.1.0"

from gdhelpers import order

order.listen()
