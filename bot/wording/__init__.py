"""How things are said: phrases, formats, cards, citations."""
