#!/usr/bin/env python3
"""A way to a port of this machine that is long and narrow, and counts what passes.

    long_wire.py PORT [--listen PORT] [--delay MILLISECONDS] [--rate BYTES]

listens on a port of loopback (any, unless it is said), prints it, and passes on to PORT what comes: each byte after a delay,
each way, and no more bytes a second than the rate, each way, of all connections together. It takes
in no more than such a way holds. On SIGTERM it prints, as JSON, the bytes that came each way. Stands
in for tc netem, which not every kernel has. Python 3.9, no packages.
"""

import argparse
import collections
import json
import signal
import socket
import sys
import threading
import time

PIECE = 32 << 10
SAVED_SECONDS = 0.02  # what a timer that comes late may make up for


class Direction:
    """One direction of all connections: what passed, and when the wire is free again."""

    def __init__(self, rate):
        self.rate = rate
        self.bytes = 0
        self.free = 0.0
        self.lock = threading.Lock()

    def passed(self, count):
        with self.lock:
            self.bytes += count

    def turn(self, count):
        """Waits until so many bytes have had their time on the wire."""
        if not self.rate:
            return
        with self.lock:
            now = time.monotonic()
            self.free = max(self.free, now - SAVED_SECONDS) + count / self.rate
            until = self.free
        wait = until - time.monotonic()
        if wait > 0.001:
            time.sleep(wait)


class Pipe:
    """One direction of one connection."""

    def __init__(self, source, target, direction, delay):
        self.source = source
        self.target = target
        self.direction = direction
        self.delay = delay
        self.room = max(256 << 10, int(2 * direction.rate * delay)) if direction.rate else 4 << 20
        self.held = 0
        self.pieces = collections.deque()
        self.changed = threading.Condition()
        for work in (self.take, self.give):
            threading.Thread(target=work, daemon=True).start()

    def take(self):
        while True:
            try:
                piece = self.source.recv(PIECE)
            except OSError:
                piece = b""
            self.direction.passed(len(piece))
            with self.changed:
                while self.held > self.room:
                    self.changed.wait()
                self.held += len(piece)
                self.pieces.append((time.monotonic() + self.delay, piece))
                self.changed.notify_all()
            if not piece:
                return

    def give(self):
        while True:
            with self.changed:
                while not self.pieces:
                    self.changed.wait()
                due, piece = self.pieces.popleft()
            self.direction.turn(len(piece))
            wait = due - time.monotonic()
            if wait > 0.0005:
                time.sleep(wait)
            try:
                if not piece:
                    self.target.shutdown(socket.SHUT_WR)
                    return
                self.target.sendall(piece)
            except OSError:
                self.source.close()  # then nobody takes what comes
                return
            with self.changed:
                self.held -= len(piece)
                self.changed.notify_all()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--listen", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0, help="milliseconds, each way")
    parser.add_argument("--rate", type=float, default=0, help="bytes a second, each way")
    options = parser.parse_args()
    down, up = Direction(options.rate), Direction(options.rate)

    def end(*_):
        print(json.dumps({"down": down.bytes, "up": up.bytes}), flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    listening = socket.create_server(("127.0.0.1", options.listen))
    print(listening.getsockname()[1], flush=True)
    while True:
        client, _ = listening.accept()
        try:
            server = socket.create_connection(("127.0.0.1", options.port))
        except OSError:
            client.close()
            continue
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Pipe(client, server, up, options.delay / 1000)
        Pipe(server, client, down, options.delay / 1000)


if __name__ == "__main__":
    main()
