"""The Rasa project: what customers mean and what is done next. Python 3.10, its own environment."""
