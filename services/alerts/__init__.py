"""Tell people of alerts, with evidence, once in effect."""
