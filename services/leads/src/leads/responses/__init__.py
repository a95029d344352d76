"""How soon the prospects of new leads are answered first: deadlines in working time, and whether they are met."""
