"""Tests; fast ones first."""
