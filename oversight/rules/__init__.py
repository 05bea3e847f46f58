"""Rules: their files, the facts they read, their answers, their versions."""
