"""Trains the Rasa model to STATE/rasa/model.tar.gz, when anything that it depends on has changed.

`.venv-rasa/bin/python bot/rasa/train.py [--force]`. The data are validated first; a model that
fails stays away from the old one's place. The catalogue is no part of the model: names of
products are read from `python -m bot.lookups`' file when Rasa runs.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
sys.path.insert(0, str(PROJECT.parent.parent))

from bot.rasa.environment import (  # noqa: E402
    ROOT,
    embedder_folder,
    model_file,
    prepare,
    quiet_logs,
)

_CODE = ["retrieval/text.py", "retrieval/embedder.py", "bot/rasa/requirements.txt"]


def inputs_hash() -> str:
    """Names everything that the model is made of: data, domain, settings, components, embedder."""
    digest = hashlib.sha256()
    files = [PROJECT / "config.yml", *(ROOT / name for name in _CODE)]
    for folder, pattern in (("domain", "*.yml"), ("data", "**/*.yml"), ("components", "*.py")):
        files += sorted((PROJECT / folder).glob(pattern))
    for file in files:
        digest.update(f"{file.relative_to(ROOT)}\n".encode())
        digest.update(file.read_bytes())
    embedder = embedder_folder() / "weights.json"  # holds the hashes of the weights
    digest.update(embedder.read_bytes() if embedder.exists() else str(embedder.parent).encode())
    return digest.hexdigest()


def is_current(model: Path) -> bool:
    stamp = _stamp(model)
    return model.exists() and stamp.exists() and stamp.read_text() == inputs_hash()


def _stamp(model: Path) -> Path:
    return model.with_name("model.sha256")


def validate() -> bool:
    """What `rasa data validate` checks; problems are printed by Rasa."""
    from rasa.shared.importers.importer import TrainingDataImporter
    from rasa.validator import Validator

    importer = TrainingDataImporter.load_from_config(
        str(PROJECT / "config.yml"), str(PROJECT / "domain"), [str(PROJECT / "data")]
    )
    validator = Validator.from_importer(importer)
    return bool(
        validator.verify_domain_validity()
        and validator.verify_nlu(ignore_warnings=False)
        and validator.verify_story_structure(ignore_warnings=False)
    )


def train(model: Path) -> None:
    """Train into a folder beside the model, then take its place at once."""
    from rasa.model_training import train as rasa_train

    model.parent.mkdir(parents=True, exist_ok=True)
    made_of = inputs_hash()
    with tempfile.TemporaryDirectory(dir=model.parent, prefix=".training-") as folder:
        # Rasa's cache does not notice when a component's code changes.
        os.environ["RASA_CACHE_DIRECTORY"] = str(Path(folder) / "cache")
        result = rasa_train(
            domain=str(PROJECT / "domain"),
            config=str(PROJECT / "config.yml"),
            training_files=[str(PROJECT / "data")],
            output=folder,
            fixed_model_name="model",
            force_training=True,
        )
        if result.code or not result.model:
            raise SystemExit("Rasa could not train a model; the lines above say why.")
        Path(result.model).replace(model)
    _stamp(model).write_text(made_of)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--force", action="store_true", help="train although nothing has changed")
    options = parser.parse_args()
    prepare()
    model = model_file()
    if not options.force and is_current(model):
        print(f"{model} is up to date.")
        return 0
    if not (embedder_folder() / "model.bin").is_file():
        print(
            f"There is no embedder in {embedder_folder()}; "
            "run `python -m weights ensure e5-small` first.",
            file=sys.stderr,
        )
        return 1
    quiet_logs(logging.WARNING)
    if not validate():
        print(
            "The training data contradict themselves; the lines above say where.", file=sys.stderr
        )
        return 1
    train(model)
    print(f"{model} is trained.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
