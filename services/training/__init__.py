"""Trains and judges heads on embeddings that the pipeline itself has made."""
