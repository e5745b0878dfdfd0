"""neural-processor: takes samples into Kafka, stores them with their band power, and answers all questions about them."""
