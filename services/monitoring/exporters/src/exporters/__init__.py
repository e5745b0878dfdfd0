"""What Prometheus should know and nothing says in its format: containers of the engine, and lag of Kafka's consumers."""
