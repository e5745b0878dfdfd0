"""AI todo: a todo list with an assistant that can work on it."""
