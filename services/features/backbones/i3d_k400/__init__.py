"""I3D RGB, Kinetics-400: model (the paper), checkpoint (its weights), runtime (how it is run)."""
