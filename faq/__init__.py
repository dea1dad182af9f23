"""What the town answers: the book of answers and the matcher, pure and without a network."""
