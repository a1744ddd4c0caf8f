"""OpenVINO without its telemetry: as shipped, its mere import reports to an analytics service.

A product that watches people tells nobody that it runs. Import `ov` from here, never directly.
"""

import sys

# OpenVINO takes its own empty stand-in when this package cannot be imported.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino as ov  # noqa: E402 - must come after the line above
from openvino import opset13 as ops  # noqa: E402

__all__ = ["ops", "ov"]
