"""The KPI ledger and every figure read from it."""
