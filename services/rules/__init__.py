"""What policies decide, whoever asks: the live stream and previews share it."""
