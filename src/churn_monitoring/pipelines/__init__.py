"""Kedro pipelines: pure nodes over the core, wired; none imports another."""
