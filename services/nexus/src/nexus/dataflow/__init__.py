"""The service `dataflow`: the only one that speaks to PostgreSQL. Tables become nodes; nodes are run."""
