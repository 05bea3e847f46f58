"""The search copy: brought on, made anew, compared with the archive, told of."""
