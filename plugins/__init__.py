"""The bundled plugins; the loader adds an integrator's own folders to this package's path."""
