"""Rasa's components for a bilingual shop. All but `extractors` and
`reader` know no Rasa."""
