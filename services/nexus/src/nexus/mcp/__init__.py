"""The service `mcp`: the platform's nodes, search and graph as tools for language models. Keeps nothing."""
