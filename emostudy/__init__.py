"""emostudy: a reproducible study of multimodal emotion recognition from face, speech and text."""

__version__ = "0.1.0"
