"""What Gatehouse costs to run: a dated price list, named assumptions, and the sum of both."""
