"""Loading sales history from files through the bulk APIs: repeatable, with a report of every row that was not taken."""
