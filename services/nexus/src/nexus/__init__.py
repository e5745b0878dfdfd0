"""Nexus: tables as typed nodes, documents with a knowledge graph, and one set of handlers on three channels."""
