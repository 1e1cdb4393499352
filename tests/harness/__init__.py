"""What the tests run against: real servers that the tests start and stop themselves."""
