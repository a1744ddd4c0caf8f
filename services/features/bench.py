"""The bare forward pass, beside which the service is measured."""

import time

import numpy as np

from services.features.backbones import Backbone


def bare_forward(backbone: Backbone, windows: int) -> float:
    """Seconds a window when the network alone runs, on noise that lies ready in memory."""
    shape = (1, backbone.frames, backbone.size, backbone.size, 3)
    pixels_BTHWC = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    backbone.embed(pixels_BTHWC)
    started = time.perf_counter()
    for _ in range(windows):
        backbone.embed(pixels_BTHWC)
    return (time.perf_counter() - started) / windows
