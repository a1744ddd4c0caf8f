"""Where frames come from: files, and a simulated store."""
