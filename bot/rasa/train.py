"""Trains the Rasa model to STATE/rasa/model.tar.gz, when anything that it depends on has changed.

`.venv-rasa/bin/python bot/rasa/train.py [--force]`. The data are validated first; a model that
fails stays away from the old one's place. The model serves every shop: no catalogue is part of it,
only the shop's own examples.yaml, if its folder (SHOPGUIDE_SHOP) has one. Names of products are
read from `python -m bot.commands.lookups`' file when Rasa runs.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

PROJECT = Path(__file__).resolve().parent
sys.path.insert(0, str(PROJECT.parent.parent))

from bot.rasa.environment import (  # noqa: E402
    ROOT,
    embedder_folder,
    model_file,
    prepare,
    quiet_logs,
    reading_folder,
    shop_folder,
)
from bot.rasa.examples import EXAMPLES, ExamplesError  # noqa: E402

if TYPE_CHECKING:
    from rasa.shared.importers.importer import TrainingDataImporter

_CODE = [
    "bot/rasa/examples.py",
    "bot/rasa/importer.py",
    "bot/rasa/requirements.txt",
    "ground/readings.py",
    "bot/rasa/reading/samples.py",
    "retrieval/embedder.py",
    "retrieval/lexicon.py",
    "retrieval/text.py",
]


def inputs_hash() -> str:
    """Names everything that the model is made of: data, domain, settings, components."""
    digest = hashlib.sha256()
    files = [PROJECT / "config.yml", PROJECT / "domain.yml", *(ROOT / name for name in _CODE)]
    files += sorted(path for path in (ROOT / "ground" / "shops").rglob("*") if path.is_file())
    for folder, pattern in (
        ("intents", "*.yml"),
        ("data", "**/*.y*ml"),
        ("data", "**/*.csv"),
        ("components", "*.py"),
    ):
        files += sorted((PROJECT / folder).glob(pattern))
    for file in files:
        digest.update(f"{file.relative_to(ROOT)}\n".encode())
        digest.update(file.read_bytes())
    for folder in (embedder_folder(), reading_folder()):
        weights = folder / "weights.json"  # holds the hashes of the weights
        digest.update(weights.read_bytes() if weights.exists() else str(folder).encode())
    own = shop_folder() / EXAMPLES
    digest.update(own.read_bytes() if own.is_file() else b"")
    return digest.hexdigest()


def is_current(model: Path) -> bool:
    stamp = _stamp(model)
    return model.exists() and stamp.exists() and stamp.read_text() == inputs_hash()


def _stamp(model: Path) -> Path:
    return model.with_name("model.sha256")


def importer() -> TrainingDataImporter:
    """Through which Rasa reads this project."""
    from rasa.shared.importers.importer import TrainingDataImporter

    return TrainingDataImporter.load_from_config(
        str(PROJECT / "config.yml"), str(PROJECT / "domain.yml"), [str(PROJECT / "data")]
    )


def validate() -> bool:
    """What `rasa data validate` checks; problems are printed by Rasa."""
    from rasa.validator import Validator

    validator = Validator.from_importer(importer())
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
            domain=str(PROJECT / "domain.yml"),
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
    quiet_logs(logging.WARNING)
    try:
        consistent = validate()
    except ExamplesError as error:
        print(error, file=sys.stderr)
        return 1
    if not consistent:
        print(
            "The training data contradict themselves; the lines above say where.", file=sys.stderr
        )
        return 1
    train(model)
    print(f"{model} is trained.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
