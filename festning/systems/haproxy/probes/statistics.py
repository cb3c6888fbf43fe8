"""Prints ``show stat`` of the HAProxy on this host, asked over its admin socket. The socket's path is in SOCKET."""

from __future__ import annotations

import socket

SOCKET = ""
_PATIENCE_S = 5.0


def main() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.settimeout(_PATIENCE_S)
        stream.connect(SOCKET)
        stream.sendall(b"show stat\n")
        while piece := stream.recv(1 << 16):
            print(piece.decode(), end="")


if __name__ == "__main__":
    main()
