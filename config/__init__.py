"""What an operator may change: settings, rules, reference data. Imports nothing of ours."""
