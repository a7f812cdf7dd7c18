"""Sends a file to a mirror-bootstrap sidecar: a model of a source, made from docs/protocol.md. Python 3.9 or newer, nothing else.

Exit codes: 0 committed, 2 wrong command line, 3 refused, 4 the link (--give-up-after), 5 the file.
"""
import argparse
import base64
import hashlib
import http.client
import json
import os
import random
import socket
import ssl
import struct
import sys
import time
from urllib.parse import urlsplit

CHUNK = 1 << 20  # bytes of payload in a message
FRAME = 256 << 10  # bytes of a message in a frame of WebSocket
UNANSWERED = 8  # messages; far below window_messages, so an error is seen soon, and writing first never waits for ever
SILENCE = 60  # seconds; the sidecar sends a ping every few
LONGEST_ANSWER = 1 << 20
COME_BACK_ERRORS = {"chunk_crc_mismatch", "insufficient_storage", "too_many_bootstraps", "transport"}
COME_BACK_CLOSES = {1000, 1001, 1011, 1012, 1013, 1014}
COME_BACK_HTTP = {408, 425, 429, 500, 502, 503, 504}

try:
    from crc32c import crc32c  # of PyPI, in C: Python's own loop does some 10 MB a second
except ImportError:
    TABLE = []
    for entry in range(256):
        for _ in range(8):
            entry = entry >> 1 ^ (0x82F63B78 if entry & 1 else 0)
        TABLE.append(entry)

    def crc32c(data, crc=0):
        crc ^= 0xFFFFFFFF
        for byte in data:
            crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
        return crc ^ 0xFFFFFFFF


class GiveUp(Exception):
    """Coming back does not help; has the message and the exit code."""


class ComeBack(Exception):
    """Coming back may help; has the message and the seconds of Retry-After."""


class Link:
    """A WebSocket to the sidecar."""

    def __init__(self, options):
        url = urlsplit(options.url)
        secure = url.scheme == "https"
        tls = ssl.create_default_context(cafile=options.ca) if secure else None
        self.socket = socket.create_connection((url.hostname, url.port or (443 if secure else 80)), SILENCE)
        if secure:
            self.socket = tls.wrap_socket(self.socket, server_hostname=url.hostname)
        self.input = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        head = [f"GET {url.path.rstrip('/')}/v1/bootstrap HTTP/1.1", f"Host: {url.netloc}", "Upgrade: websocket",
                "Connection: Upgrade", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}",
                "Sec-WebSocket-Protocol: mirror-bootstrap.v1"]
        if options.token_file:  # read anew for each link, as it may have been replaced
            with open(options.token_file) as file:
                head.append("Authorization: Bearer " + file.read().strip())
        self.socket.sendall("\r\n".join(head + ["", ""]).encode())
        status = int(self.input.readline(1000).split()[1])
        headers = http.client.parse_headers(self.input)
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        if status != 101:
            body = self.input.read(min(int(headers.get("Content-Length", 0)), LONGEST_ANSWER)).decode(errors="replace")
            if status in COME_BACK_HTTP:
                after = headers.get("Retry-After", "0")
                raise ComeBack(f"HTTP {status} {body}", min(int(after), 60) if after.isdigit() else 0)
            raise GiveUp(f"refused: HTTP {status} {body}", 3)
        if headers.get("Sec-WebSocket-Accept") != accept.decode():
            raise GiveUp("what answers is no WebSocket", 4)

    def send(self, opcode, data, final=True):
        """Sends a frame, masked as all of a client are."""
        size, key = len(data), os.urandom(4)
        head = bytes([opcode | (0x80 if final else 0)])
        if size < 126:
            head += bytes([0x80 | size])
        else:
            head += struct.pack(">BH", 0xFE, size) if size < 1 << 16 else struct.pack(">BQ", 0xFF, size)
        mask = (key * (size // 4 + 1))[:size]
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(mask, "big")).to_bytes(size, "big")
        self.socket.sendall(head + key + masked)

    def binary(self, message):
        for at in range(0, len(message), FRAME):
            self.send(0 if at else 2, message[at:at + FRAME], at + FRAME >= len(message))

    def answer(self):
        """The next answer, which is none of the errors; pings before it are answered."""
        text = b""
        while True:
            first, size = self.read(2)
            if size > 125:
                size = int.from_bytes(self.read(2 if size == 126 else 8), "big")
            if size + len(text) > LONGEST_ANSWER:
                raise GiveUp(f"an answer of {size} bytes", 4)
            data = self.read(size)
            if first & 15 == 9:
                self.send(10, data)
            elif first & 15 == 8:
                code, reason = int.from_bytes(data[:2], "big"), data[2:].decode(errors="replace")
                lost = f"the link was closed with {code} {reason}"
                raise ComeBack(lost, 0) if code in COME_BACK_CLOSES else GiveUp(lost, 4)
            elif first & 15 < 2:
                text += data
                if first & 0x80:
                    break
        answer = json.loads(text)
        if answer["type"] == "error":
            said = f"{answer['code']}: {answer.get('message')}"
            raise ComeBack(said, 0) if answer["code"] in COME_BACK_ERRORS else GiveUp("refused: " + said, 3)
        return answer

    def read(self, size):
        data = self.input.read(size)
        if len(data) < size:
            raise ComeBack("the link was cut", 0)
        return data


def chunk(identity, offset, data, done):
    """A chunk in MessagePack: a map, data last. Integers and strings may be wider than they need to be."""
    fields = dict(identity, offset=offset, done=done, chunk_crc32c=crc32c(data))
    message = bytes([0x80 | len(fields) + 1])
    for key, value in fields.items():
        message += bytes([0xA0 | len(key)]) + key.encode()
        if isinstance(value, bool):
            message += b"\xc3" if value else b"\xc2"
        elif isinstance(value, int):
            message += struct.pack(">BQ", 0xCF, value)
        else:
            message += struct.pack(">BH", 0xDA, len(value.encode())) + value.encode()
    return message + b"\xa4data" + struct.pack(">BI", 0xC6, len(data)) + data


def attempt(options, file, identity, progress):
    """One link: returns what is said of the committed snapshot."""
    link = Link(options)
    with link.socket:
        link.send(1, json.dumps(dict(identity, type="open", replace=options.replace)).encode())
        answer = link.answer()
        if answer["type"] == "committed":  # by an earlier run, or an earlier link
            return answer
        sent = answered = answer["offset"]
        largest, window = min(CHUNK, answer["max_chunk_bytes"]), answer["window_bytes"]
        most, unanswered, done = min(UNANSWERED, answer.get("window_messages", 256)), 0, False
        if largest < 1 or not 0 <= sent <= identity["total_bytes"]:
            raise ValueError(answer)
        file.seek(sent)
        while answer["type"] != "committed":
            while not done and unanswered < most and (unanswered == 0 or sent + largest - answered <= window):
                data = read(file, min(largest, identity["total_bytes"] - sent))
                done = sent + len(data) == identity["total_bytes"]
                try:
                    link.binary(chunk(identity, sent, data, done))
                except OSError:
                    while True:  # until the last that was said: it may be that there is nothing to come back for
                        link.answer()
                sent, unanswered = sent + len(data), unanswered + 1
                progress["sent"] += len(data)
            answer = link.answer()
            unanswered -= 1
            if answer["type"] == "pending":
                answered = progress["done"] = answer["bytes_done"]
        link.send(8, struct.pack(">H", 1000))
        return answer


def read(file, size):
    try:
        data = file.read(size)
    except OSError as e:
        raise GiveUp(f"cannot read the file: {e}", 5)
    if len(data) < size:
        raise GiveUp("the file has become shorter", 5)
    return data


def send(options):
    """As long as it takes: rounds, with pauses between them that begin anew whenever the snapshot has got further."""
    try:
        file = open(options.file, "rb")
        total = crc = 0
        while data := file.read(CHUNK):
            total, crc = total + len(data), crc32c(data, crc)
    except OSError as e:
        raise GiveUp(f"cannot read the file: {e}", 5)
    if total == 0:
        raise GiveUp("the file is empty: rather a program that failed than a snapshot", 2)
    identity = dict(source_cluster_id=options.cluster, source_database_id=options.database, snapshot_lsn=options.lsn,
                    total_bytes=total, total_crc32c=crc)
    progress, furthest, pause, since = {"sent": 0, "done": 0}, 0, 0.5, time.monotonic()
    while True:
        try:
            committed = attempt(options, file, identity, progress)
            print(f"committed {committed['snapshot_path']} ({progress['sent']} bytes sent)")
            return
        except ssl.SSLCertVerificationError as e:
            raise GiveUp(f"no TLS: {e}", 4)
        except (KeyError, ValueError, IndexError, http.client.HTTPException) as e:
            raise GiveUp(f"what answers does not speak this protocol: {e!r}", 4)
        except (ComeBack, OSError) as e:
            reason, after = e.args if isinstance(e, ComeBack) else (str(e), 0)
            if progress["done"] > furthest:
                furthest, pause, since = progress["done"], 0.5, time.monotonic()
            if time.monotonic() - since > options.give_up_after:
                raise GiveUp(f"gave up: {reason}", 4)
            wait = max(pause * random.uniform(0.75, 1.25), after)
            print(f"{reason}: again in {wait:.1f} s", file=sys.stderr)
            time.sleep(wait)
            pause = min(2 * pause, 30)


def main():
    parser = argparse.ArgumentParser(description="Sends a file to a mirror-bootstrap sidecar.")
    parser.add_argument("file")
    parser.add_argument("--url", required=True, help="http://host:port or https://host:port")
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--lsn", type=int, default=0)
    parser.add_argument("--token-file")
    parser.add_argument("--ca", help="a file of authorities to trust, in place of the system's")
    parser.add_argument("--replace", action="store_true", help="this snapshot is meant, though it is older than what is there")
    parser.add_argument("--give-up-after", type=float, default=600, help="seconds without a further byte")
    try:
        send(parser.parse_args())
    except GiveUp as e:
        print(e.args[0], file=sys.stderr)
        sys.exit(e.args[1])


if __name__ == "__main__":
    main()
