"""The Meilisearch engine's parts: what it is asked, and the server that is asked."""
