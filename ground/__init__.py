"""The training ground: small shops of many trades, what their customers write, what it means, and
which sentences of the shop answer it. README.md is the annotation guide."""
