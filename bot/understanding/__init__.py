"""Reads quantities and colours out of a customer's words."""
