"""How many marked events it takes, as measured on acted thefts in one room: 41 thefts, 56 clips of
shopping, split at random by neighbouring takes.

A linear head on I3D found 29 % of unseen thefts with one mark, 44 % with eight and 54 % with 24 at
the mark that one quiet window in twenty reaches (25 splits or nearly). At one false alarm a camera
and day, drawn out from the tail of some minutes, it found 3 % at most, however many were marked:
that footage bounds the number from below and tells no more.
"""

from services.api.learning.views import NeededView

NEEDED = NeededView(about=None, at_least=24, at_most=None)
