"""Misbehaviour on demand, for any client: errors, delays, cut connections, damaged answers."""
