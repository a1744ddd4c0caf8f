"""Drop folders: what a recorder exports is cut on its camera's grid, when it was recorded."""

from services.ingest.folders.reading import FolderReading

__all__ = ["FolderReading"]
