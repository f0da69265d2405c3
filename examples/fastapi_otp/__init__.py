"""Codes by SMS, with FastAPI."""
