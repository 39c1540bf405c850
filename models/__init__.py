"""The learned models: what they are, how they are brought here, and how they are run.

Importing this package is cheap: MediaPipe is imported when the first model is opened. Nothing here
knows ``photo_service``, and nothing is downloaded except by `ModelStore.pull`.
"""

from models.store import Asset, Carrier, ModelStore, ModelStoreError, PullProgress, load_manifest

__all__ = [
    "Asset",
    "Carrier",
    "ModelStore",
    "ModelStoreError",
    "PullProgress",
    "load_manifest",
]
