"""Agents, visitors, departments and sites."""
