"""Learning a scorecard from outcomes, in plain Python. Pure. Read values, columns, regression, training."""
