"""Recordings: a camera's own stream in segments on the worker's disk (ADR 0025)."""
