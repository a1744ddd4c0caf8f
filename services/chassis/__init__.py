"""What every service stands on; no product meaning lives here."""
