"""What the doctor looks at, by what it concerns; nothing is changed and no source is asked."""
