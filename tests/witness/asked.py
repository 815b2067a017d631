"""Hands a call of `alembic` over to `command.py --serve SOCKET`, which has all modules loaded: python -IS asked.py SOCKET …

Its output is that of the call, and so is its exit code. It loads nothing that takes time.
"""

import os
import sys

import _socket

there = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
there.connect(sys.argv[1])
there.sendall("\0".join([os.environ["DATABASE_URL"], *sys.argv[2:]]).encode() + b"\n")
said = b""
while more := there.recv(65536):
    said += more
output, _, code = said.rpartition(b"\0")
os.write(1, output)
os._exit(int(code or 1))
