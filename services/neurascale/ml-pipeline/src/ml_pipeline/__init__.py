"""ml-pipeline: classifies windows of signal, from one topic into another."""
