"""Regularised logistic regression on the unit-length embedding."""
