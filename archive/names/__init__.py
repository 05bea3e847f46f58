"""Who bears a name: advertisers, payers, sponsors, payees and committees, found by name in one place."""
