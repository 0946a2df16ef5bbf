"""The version, which every file that isobit writes names."""

__all__ = ["__version__"]

__version__ = "0.1.0"
