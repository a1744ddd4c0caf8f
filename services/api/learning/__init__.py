"""What people teach: events that nothing raised, and how far each store's own heads are."""
