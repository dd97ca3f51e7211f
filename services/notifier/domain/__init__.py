"""What is said to whom and in which words: pure, without clock, files, network or database."""
