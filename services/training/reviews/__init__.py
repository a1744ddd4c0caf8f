"""Heads of a store's own: what people said of its cameras, and what the archive kept of them."""
