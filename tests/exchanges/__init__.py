"""Tests of the exchanges service."""
