"""Cameras: each is read by a process of its own, which the owner of its partition looks after."""
