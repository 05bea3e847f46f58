"""Data out: downloads, mirror, backup."""
