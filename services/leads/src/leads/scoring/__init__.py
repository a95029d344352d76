"""How likely a lead is to convert: by rules of sales operations, and as learnt from outcomes."""
