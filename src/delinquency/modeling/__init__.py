"""Fit the model, calibrate it, save it, and compare it with its peers."""
