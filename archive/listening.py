"""The port that a command serves on, opened before it says or makes anything."""

import os
import socket

import typer

from archive.terminal import FAILED, note_error


def listen(host: str, port: int, instead: str = "choose another: --port") -> socket.socket:
    """The open port; `instead`: what to do where it cannot be had.

    Raises:
        typer.Exit: if it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        note_error(f"cannot listen on {host} port {port}: {why}; {instead}")
        raise typer.Exit(FAILED) from None
