"""How well the assistant answers: questions of a file, asked of a throw-away system and judged."""
