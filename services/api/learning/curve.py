"""How many marked events it takes, as measured on acted thefts in one room: 41 thefts, 56 clips of
shopping, split at random by neighbouring takes (docs/explanation/learning.md).

A linear head on I3D taught with 36 thefts and five minutes of shopping finds half of unseen thefts
with one false window for every 90 s of people at the shelf. Each doubling of marks leaves .64 of
those. Drawn on, it takes hundreds of marks until that is one in ten minutes, and a million for a
day without a pause: that bounds the number from below and tells no more.
"""

from services.api.learning.views import NeededView

NEEDED = NeededView(about=None, at_least=36, at_most=None)
