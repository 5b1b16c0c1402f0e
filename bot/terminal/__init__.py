"""The shell chat: its screens, its client, and the assistant that it starts."""
