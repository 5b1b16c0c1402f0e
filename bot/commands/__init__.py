"""The `shopguide` command, a module for each group of sub-commands."""
