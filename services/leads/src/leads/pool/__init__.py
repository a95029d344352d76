"""The public pool: leads that nobody holds and everybody may claim, and the custody of each lead since it came in."""
