"""TikTok's commercial content library."""
