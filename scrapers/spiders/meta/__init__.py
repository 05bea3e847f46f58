"""Meta's Ad Library and its report."""
