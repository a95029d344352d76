"""Pipelines, products and deals."""
