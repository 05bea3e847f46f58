"""The RFC 6962 ledger: its leaves and its root."""
