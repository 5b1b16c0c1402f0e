"""Experiments with recommendations: who gets which arm, and what came of it."""
