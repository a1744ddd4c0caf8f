"""The command line `nightclerk`."""
