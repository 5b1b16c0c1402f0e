"""Rasa's importer: domain, rules and training data out of intents/, the rest as Rasa does it.

config.yml names it, so `rasa train` and bot/rasa/train.py see the same data. What intents share
stands in domain.yml and data/rules.yml.
"""

from __future__ import annotations

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.rasa import examples
from bot.rasa.environment import shop_folder


class IntentsImporter(RasaFileImporter):
    """One intent, one rule, one action; the templates filled, with those of the shop's folder."""

    def get_domain(self) -> Domain:
        """Intents use no entities: what is done next depends on the intent alone, and the actions
        look at the rest."""
        following = examples.actions()
        return (
            super()
            .get_domain()
            .merge(
                Domain.from_dict(
                    {
                        "intents": [
                            {intent.name: {"use_entities": []}} for intent in examples.intents()
                        ],
                        "actions": sorted(set(following.values())),
                    }
                )
            )
        )

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        rules = [
            {
                "rule": intent.name,
                "steps": [{"intent": intent.name}, {"action": intent.action}],
            }
            for intent in examples.intents()
        ]
        steps = YAMLStoryReader(self.get_domain()).read_from_parsed_yaml(
            {"version": "3.1", "rules": rules}
        )
        return super().get_stories(exclusion_percentage).merge(StoryGraph(steps))

    def get_nlu_data(self, language: str | None = None) -> TrainingData:
        return TrainingData(
            [
                Message({TEXT: example.text, INTENT: example.intent})
                for example in examples.training(shop_folder())
            ]
        )
