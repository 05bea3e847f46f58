"""Crawls and imports: lease, captures, sightings, due dates, quarantine, plausibility, monitors, alerts."""
