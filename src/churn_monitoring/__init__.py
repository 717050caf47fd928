"""Monitors a churn model in service, says what is wrong, and repairs it on evidence."""

__version__ = "0.1.0"
