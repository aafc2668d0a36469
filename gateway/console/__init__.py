"""REST API and web console: readers of the stores, writers of journal records."""
