"""Messaging platforms: each one module, behind one seam (base.py). docs/channels.md explains it."""
