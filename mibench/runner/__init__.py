"""Engines that turn cells into attempts."""
