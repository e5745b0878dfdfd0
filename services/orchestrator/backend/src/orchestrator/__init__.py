"""Orchestrator: workflows of steps, their runs, and the worker that executes them."""
