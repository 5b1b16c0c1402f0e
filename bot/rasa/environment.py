"""Where things stand and what must be set before Rasa is imported; standard library only.

Read from the environment: SHOPGUIDE_STATE (var/), SHOPGUIDE_READING and SHOPGUIDE_EMBEDDER
(folders; `reading` and `e5-small` in the weights' cache), SHOPGUIDE_LOOKUPS (STATE/lookups.json),
SHOPGUIDE_SHOP (the shop's folder, for its own examples.yaml; demo/shop).
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
ROOT = PROJECT.parent.parent
# Names in weights/catalogue.py: what messages are read with, whatever retrieval is set to.
READING = "reading"
EMBEDDER = "e5-small"
DEMO = "demo/shop"  # where settings.py has it, too


def state() -> Path:
    return Path(os.environ.get("SHOPGUIDE_STATE") or ROOT / "var").resolve()


def model_file() -> Path:
    return state() / "rasa" / "model.tar.gz"


def reading_folder() -> Path:
    """What messages are read with: the folder that SHOPGUIDE_READING names, else the one of the
    weights' cache."""
    return _chosen("SHOPGUIDE_READING") or _weights() / READING


def embedder_folder() -> Path:
    """The folder that SHOPGUIDE_EMBEDDER names, else e5-small in the weights' cache; other names
    are meant for retrieval alone."""
    return _chosen("SHOPGUIDE_EMBEDDER") or _weights() / EMBEDDER


def _chosen(setting: str) -> Path | None:
    chosen = os.environ.get(setting)
    folder = Path(chosen).expanduser() if chosen else None
    return folder.resolve() if folder and folder.is_dir() else None


def _weights() -> Path:
    """Where weights.cache keeps them (that package needs a newer Python)."""
    cache = os.environ.get("XDG_CACHE_HOME")
    weights = os.environ.get("SHOPGUIDE_WEIGHTS")
    base = Path(cache) if cache else Path.home() / ".cache"
    return Path(weights).expanduser() if weights else base / "shopguide" / "weights"


def shop_folder() -> Path:
    return (ROOT / Path(os.environ.get("SHOPGUIDE_SHOP") or DEMO).expanduser()).resolve()


def prepare() -> None:
    """Make this process ready to import Rasa: paths, no reports to its makers, no idle warnings."""
    os.umask(0o077)  # what is written holds conversations: nobody else reads it
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    # A script's own folder comes first on the path, where Python would look for `data` and `tests`.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != PROJECT]
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ["SQLALCHEMY_SILENCE_UBER_WARNING"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("LOG_LEVEL", "WARNING")  # Rasa's, and its progress bars'
    os.environ.setdefault("SHOPGUIDE_LOOKUPS", str(state() / "lookups.json"))
    # A filter would not last: Sanic sets its own when it is imported.
    warnings.showwarning = lambda *_: None
    os.environ.setdefault("PYTHONWARNINGS", "ignore")  # for processes that this one starts
    # TensorFlow tries to import jax and does without it; seconds of every start.
    sys.modules.setdefault("jax", None)  # type: ignore[arg-type]


def quiet_logs(level: int) -> None:
    """Rasa's own logs from `level` on. Left alone, structlog prints everything, messages too."""
    import logging

    from rasa.utils.log_utils import configure_structlog

    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    configure_structlog(level)
