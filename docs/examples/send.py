"""Sends a file to a mirror-bootstrap sidecar: a model of a source, made from docs/protocol.md. Python 3.9 or newer and
pip install websocket-client msgpack crc32c (or Debian's python3-websocket, python3-msgpack, python3-crc32c).
Exit codes: 0 committed, 2 wrong command line, 3 refused, 4 the link, 5 the file."""
import argparse
import json
import random
import sys
import time
from contextlib import suppress

import msgpack
import websocket
from crc32c import crc32c

CHUNK, LONGEST_ANSWER = 1 << 20, 1 << 20  # bytes
UNANSWERED = 7  # chunks: so few that the sidecar still reads when their answers are not read, so that writing them ends
SILENCE, GIVE_UP_AFTER = 60, 600  # seconds: the sidecar sends a ping every few; without a further byte
COME_BACK_ERRORS = {"chunk_crc_mismatch", "insufficient_storage", "too_many_bootstraps", "transport"}
COME_BACK_CLOSES = {1000, 1001, 1011, 1012, 1013, 1014}
COME_BACK_HTTP = {408, 425, 429, *range(500, 600)} - {501, 505, 506, 510, 511}


def end(reason, exit_code, comes_back=False):  # the program, or this link only, where coming back may help
    if comes_back:
        raise ConnectionError(reason)
    print(reason, file=sys.stderr)
    sys.exit(exit_code)


def read(name, offset=0, size=CHUNK):
    try:
        with open(name, "rb") as file:
            file.seek(offset)
            return file.read(size)
    except OSError as e:
        end(f"cannot read the file: {e}", 5)


class Link(websocket.WebSocket):
    bytes_sent = bytes_done = 0  # of all links; and what the sidecar has said to have

    def _recv(self, size):
        data = super()._recv(size)
        self.bytes_left -= len(data)
        if self.bytes_left < 0:
            end("an answer that is too long", 4)
        return data

    def send(self, *message):
        with suppress(OSError):  # the link has ended: what was said before that is still to be read, and decides
            super().send(*message)

    def transfer(self, name, identity, replace):  # returns what is said of the committed snapshot
        self.send(json.dumps(dict(identity, type="open", replace=replace)))
        unanswered, total, done = 1, identity["total_bytes"], False
        while True:
            self.bytes_left = LONGEST_ANSWER
            opcode, text = self.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                code = int.from_bytes(text[:2], "big")
                end(f"the link was closed with {code} {text[2:].decode()}", 4, code in COME_BACK_CLOSES)
            answer = json.loads(text)
            if answer["type"] == "error":
                end(f"{answer['code']}: {answer.get('message')}", 3, answer["code"] in COME_BACK_ERRORS)
            elif answer["type"] == "committed":  # now, or by an earlier link or run
                self.close()
                return answer
            elif answer["type"] == "opened":
                offset, answered, window = answer["offset"], answer["offset"], answer["window_bytes"]
                largest = min(CHUNK, window, answer["max_chunk_bytes"])
                most = min(UNANSWERED, answer.get("window_messages", UNANSWERED))
            else:
                answered = Link.bytes_done = answer["bytes_done"]
            unanswered -= 1
            while not done and unanswered < most and offset + largest - answered <= window:
                data = read(name, offset, min(largest, total - offset))
                done = offset + len(data) == total
                if not done and len(data) < largest:
                    end("the file has become shorter", 5)
                chunk = dict(identity, offset=offset, done=done, chunk_crc32c=crc32c(data), data=data)
                self.send_binary(msgpack.packb(chunk))
                offset += len(data)
                unanswered += 1
                Link.bytes_sent += len(data)


parser = argparse.ArgumentParser(description="Sends a file to a mirror-bootstrap sidecar.")
parser.add_argument("file")
for name in "--url", "--cluster", "--database", "--token-file", "--ca":
    parser.add_argument(name, required=name not in ("--token-file", "--ca"))
parser.add_argument("--lsn", type=int, default=0)
parser.add_argument("--replace", action="store_true", help="of a snapshot that is older than the one that is there")
options = parser.parse_args()
total = crc = 0
while data := read(options.file, total):
    total, crc = total + len(data), crc32c(data, crc)
if total == 0:
    parser.error("the file is empty: rather a program that failed than a snapshot")
identity = dict(source_cluster_id=options.cluster, source_database_id=options.database, snapshot_lsn=options.lsn,
                total_bytes=total, total_crc32c=crc)
furthest, pause, since = 0, 0.5, time.monotonic()
while True:
    link = Link(sslopt={"ca_certs": options.ca})
    try:
        token = options.token_file and "Bearer " + read(options.token_file).decode().strip()  # perhaps another
        link.connect(options.url.replace("http", "ws", 1).rstrip("/") + "/v1/bootstrap", timeout=SILENCE,
                     header={"Authorization": token}, subprotocols=["mirror-bootstrap.v1"],
                     suppress_origin=True, redirect_limit=0)
        if link.status != 101:
            raise websocket.WebSocketException(f"HTTP {link.status}")
        committed = link.transfer(options.file, identity, options.replace)
        print(f"committed {committed['snapshot_path']} ({Link.bytes_sent} bytes sent)")
        break
    except (ValueError, LookupError, TypeError) as e:
        end(f"no TLS, or another protocol: {e!r}", 4)
    except (OSError, websocket.WebSocketException) as e:
        if type(e) is websocket.WebSocketException or getattr(e, "status_code", 503) not in COME_BACK_HTTP:
            end(f"refused: {e}", 3)
        if Link.bytes_done > furthest:
            furthest, pause, since = Link.bytes_done, 0.5, time.monotonic()
        if time.monotonic() - since > GIVE_UP_AFTER:
            end(f"gave up: {e}", 4)
        retry_after = getattr(e, "resp_headers", {}).get("retry-after", "")
        wait = pause * random.uniform(0.75, 1.25) + (min(int(retry_after), 60) if retry_after.isdigit() else 0)
        print(f"{e}: again in {wait:.1f} s", file=sys.stderr)
        link.shutdown()
        time.sleep(wait)
        pause = min(2 * pause, 30)
