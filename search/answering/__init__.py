"""From what an engine finds to the page a reader gets, whoever answers."""
