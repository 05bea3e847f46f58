"""Everything that answers a question, taken away: as of one moment, the same for whoever asks again."""
