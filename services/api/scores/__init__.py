"""Scores as they are stored: packed by series and block, with the highest of minutes and hours."""
