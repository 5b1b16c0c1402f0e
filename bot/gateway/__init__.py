"""The only public door: sessions, identity, limits, de-duplication and streaming over HTTP."""
