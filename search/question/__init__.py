"""What is asked: words, filters, order, page; checked, and the same for every engine."""
