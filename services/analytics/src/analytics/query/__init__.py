"""Answering from the ledger. Read in this order: question, balances, evaluate; then cells and replay, which feed it."""
