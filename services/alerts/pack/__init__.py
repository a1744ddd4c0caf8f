"""Evidence packs: what is kept of an alert, with a signed list of it, to be checked by anybody."""
