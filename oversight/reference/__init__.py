"""Dated reference data of rules: elections, windows, parameters, registers and labels."""
