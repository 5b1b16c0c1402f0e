"""How the model that reads messages is learned, measured and put together. Runs on the main Python;
what Rasa needs of it is bot/rasa/components/reading_model.py."""
