"""Rasa's components for a bilingual shop. `patterns`, `lookups` and `intent_model` know no Rasa."""
