"""The KPI ledger. Read in this order: posting, folding, slices, facts, cells, fold; then audit, seal, rebuild."""
