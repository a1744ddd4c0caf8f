"""Weeks of cameras made of footage: what calibration does to alarms and recall (ADR 0052)."""
