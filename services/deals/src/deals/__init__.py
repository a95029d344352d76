"""Pipelines, products and deals.

Read in this order: ``commands`` and ``deal`` (what can be done with a deal), ``spans`` and ``worth`` (its history and
its value), ``pipeline`` and ``product``; then ``inputs``, ``lookups``, ``translation`` and ``api`` (how a request
becomes a command), ``batch``, ``reactions`` (what happens elsewhere), ``store`` (all SQL), ``app``.
"""
