"""Computes the negative space of pictures: what is around and between what they show."""
