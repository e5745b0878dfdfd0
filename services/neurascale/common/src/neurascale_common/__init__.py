"""What NeuraScale's Python services have in common: chunks of samples, their windows, and how both travel."""
