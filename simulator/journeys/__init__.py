"""Journeys: event definitions, expressions, journey files and what becomes of an instance."""
