"""Sets Shopguide up on this machine: `python3 -m install COMMAND`, with nothing but Python itself.

It runs before any package is there, so it imports only the standard library and nothing of the
other packages; whatever needs them runs in a process of the environment that it made.
"""
