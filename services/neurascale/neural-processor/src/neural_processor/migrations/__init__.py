"""The history of the schema. Every step is additive: the release before it still runs while it is rolled out."""
