"""Dated reference data of rules: elections, windows, parameters, citations."""
