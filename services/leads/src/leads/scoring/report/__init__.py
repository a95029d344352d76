"""How well a scorecard does on a set of leads from files, beside gradient boosting on the same columns."""
