"""The service `api`: documents, search and the knowledge graph for programs on the outside. The only one that speaks to Neo4j."""
