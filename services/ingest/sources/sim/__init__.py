"""A simulated store: scenes of known truth, for demos, training and tests; deterministic."""

from services.ingest.sources.sim.render import render, write_mp4
from services.ingest.sources.sim.spec import SimSpec, parse, truth

__all__ = ["SimSpec", "parse", "render", "truth", "write_mp4"]
