"""Tests of how the platform is seen."""
