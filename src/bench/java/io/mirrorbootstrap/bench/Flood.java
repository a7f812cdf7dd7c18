package io.mirrorbootstrap.bench;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;

import javax.net.ssl.SSLSocket;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/** What an attacker does without end. Of those that are let in, the token is known. */
enum Flood {

    NOTHING("nothing, for comparison", "waits", hand -> hand.pause(100)),

    // a stranger's, on the port of TLS

    SILENT_TLS("TLS connections that say nothing", "connections", hand -> {
        hand.hold(Target.connect(hand.target().tlsPort()), 1000);
        hand.tally(1);
    }),
    HALF_RECORDS("TLS records of 16 KiB without the last byte", "connections", hand -> {
        Socket socket = hand.hold(Target.connect(hand.target().tlsPort()), 1000);
        socket.getOutputStream().write(halfRecord());
        hand.tally(1);
    }),

    // of who has a certificate

    NEW_TLS_LINKS("200 links a second that are opened and closed, with a certificate", "links", hand -> {
        hand.keepPace(200);
        hand.target().link(hand.newTls()).close();
        hand.tally(1);
    }),
    RESUMED_TLS_LINKS("200 such links a second whose sessions are resumed", "resumed links", hand -> {
        hand.keepPace(200);
        long begun = System.currentTimeMillis();
        try (SSLSocket link = hand.target().link(hand.lastingTls())) {
            hand.tally(link.getSession().getCreationTime() < begun ? 1 : 0);
        }
    }),

    // a stranger's, on the plain port

    SLOW_HEADERS("headers that come byte by byte", "bytes", hand -> {
        Socket socket = hand.hold(Target.connect(hand.target().port()), 48);
        socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\nX: ".getBytes(StandardCharsets.US_ASCII));
        hand.tally(hand.dropToEach((byte) 'x'));
    }),
    FULL_HEADERS("4 KiB of short headers without the end", "connections", hand -> {
        Socket socket = hand.hold(Target.connect(hand.target().port()), 250);
        byte[] headers = ("GET / HTTP/1.1\r\n" + "a:b\r\n".repeat(800)).getBytes(StandardCharsets.US_ASCII);
        socket.getOutputStream().write(headers);
        hand.tally(1);
    }),
    HEALTH_GROUPS("names of health groups, 3600 characters each", "requests",
            hand -> ask(hand, 1, "/q/health/group/" + hand.next() + "y".repeat(3600), "X: x")),
    READINESS("readiness probes", "requests", hand -> ask(hand, 15, "/q/health/ready", "X: x")),
    METRICS("metrics", "requests", hand -> ask(hand, 15, "/q/metrics", "X: x")),
    ABORTED("connections that are reset at once", "connections", hand -> {
        try (Socket socket = Target.connect(hand.target().port())) {
            socket.setSoLinger(true, 0);
        }
        hand.tally(1);
    }),
    WRONG_TOKENS("wrong tokens", "requests",
            hand -> ask(hand, 1, "/v1/mirrors", "Authorization: Bearer wrong" + hand.next())),

    // of somebody who was let in

    UNREAD_LISTS("lists of 900 mirrors, 15 on each connection, that nobody reads", "requests", hand -> {
        Socket socket = hand.hold(Target.connect(hand.target().port(), 2048), 25);
        for (int i = 0; i < 15; i++) {
            socket.getOutputStream()
                    .write(Target.get("/v1/mirrors", "Authorization: Bearer " + hand.target().token()));
            hand.tally(1);
        }
    }) {
        /** Names and clusters as long as they may be. */
        @Override
        void prepare(Target target) throws IOException {
            try (Socket link = target.link()) {
                DataInputStream in = new DataInputStream(link.getInputStream());
                for (int i = 0; i < 900; i++) {
                    Target.write(link,
                            Target.snapshot("\u00e9".repeat(256), "listed" + i + "x".repeat(110), new byte[1]));
                    WireImage.expect(WireImage.answer(in), "committed");
                }
            }
        }
    },
    UNREAD_EVENTS("100 watchers of all events that do not read", "watchers", hand -> {
        Socket socket = hand.hold(Target.connect(hand.target().port(), 2048), 25);
        socket.getOutputStream()
                .write(Target.get("/v1/mirrors/events", "Authorization: Bearer " + hand.target().token()));
        hand.tally(1);
        hand.pauseIfHolding(25, 250);
    }),
    MANY_WATCHERS("1000 watchers of all events, half of which do not read", "watchers", hand -> {
        if (hand.held().size() < 250) {
            Socket socket = hand.hold(Target.connect(hand.target().port(), 2048), 250);
            socket.getOutputStream()
                    .write(Target.get("/v1/mirrors/events", "Authorization: Bearer " + hand.target().token()));
            hand.tally(1);
        } else {
            hand.readEachSecond();
            hand.pause(50);
        }
    }),
    MANY_OPENS("64 links that open 16 transfers each", "transfers", hand -> {
        Socket link = hand.hold(hand.target().link(), 16);
        DataInputStream in = new DataInputStream(link.getInputStream());
        for (int i = 0; i < 16; i++) {
            Control open = new Control.Open(Announcement.of(new SnapshotIdentity("flood",
                    new DatabaseId("open" + hand.number() + "-" + hand.next() % 200), 1, 1_000_000, new Crc32c(1))));
            Target.write(link, text(JsonMessages.write(open)));
            WireImage.answer(in);
            hand.tally(1);
        }
    }),
    OPENS_AND_ABORTS("32 links that open and abort transfers as fast as they are answered", "transfers",
            hand -> onEachLink(hand, 8, "aborted", 2 * Target.BATCH, database -> {
                String open = JsonMessages.write(new Control.Open(Announcement.of(unfinished(database))));
                String abort = JsonMessages.write(new Control.Abort(database));
                return repeated(joined(text(open), text(abort)), Target.BATCH);
            })),
    RESTARTS("32 links that begin transfers again, at offset 0, as fast as they are answered", "chunks",
            hand -> onEachLink(hand, 8, "restarted", Target.BATCH, database -> {
                byte[] payload = {1};
                byte[] head = ChunkEncoder.head(unfinished(database), 0, 1, Crc32c.of(ByteBuffer.wrap(payload)), false);
                return repeated(
                        WireImage.frame(0x82,
                                ByteBuffer.allocate(head.length + 1).put(head).put(payload).flip()),
                        Target.BATCH);
            })),
    QUIET_LINKS("links that say nothing, beyond the 64", "upgrades", hand -> {
        hand.tally(1);
        hand.hold(hand.target().link(), 20);
    }),
    PINGS("pings of 125 bytes whose pongs are not read", "pings", hand -> {
        Socket link = hand.hold(Target.connect(hand.target().port(), 2048), 1);
        hand.target().upgrade(link);
        byte[] pings = repeated(WireImage.frame(0x89, ByteBuffer.allocate(125)), 64);
        while (true) {
            link.getOutputStream().write(pings);
            hand.tally(64);
        }
    }),
    TINY_FRAMES("payload in frames of one byte", "frames", hand -> {
        Socket link = hand.hold(hand.target().link(), 1);
        byte[] frames = repeated(WireImage.frame(0, ByteBuffer.allocate(1)), 1000);
        Target.write(link, WireImage.frame(2, ByteBuffer.wrap(ChunkEncoder.head(
                new SnapshotIdentity("flood", new DatabaseId("tiny" + hand.number()), 1, 0, Crc32c.EMPTY), 0, 8_000_000,
                Crc32c.EMPTY, false))));
        for (int sent = 0; sent < 8_000_000; sent += 1000) {
            link.getOutputStream().write(frames);
            hand.tally(1000);
        }
    }),
    MALFORMED("chunks that are none", "links", hand -> {
        byte[] junk = new byte[200];
        hand.random().nextBytes(junk);
        sayOnALink(hand, junk);
    }),
    LIES("lengths in chunks that are lies", "links", hand -> {
        sayOnALink(hand, Arrays.copyOf(lie(hand.random().nextInt(5)), 32 * 1024));
    }),
    NEW_NAMES("a snapshot of a byte for each new name of a database", "snapshots", hand -> {
        try (Socket link = hand.target().link()) {
            DataInputStream in = new DataInputStream(link.getInputStream());
            for (int i = 0; i < 32; i++) {
                Target.write(link, Target.snapshot("flood", "new" + hand.number() + "-" + hand.next(), new byte[1]));
            }
            for (int i = 0; i < 32; i++) {
                WireImage.answer(in);
                hand.tally(1);
            }
        }
    });

    /** One blow of the flood, of which an {@link IOException} is a natural end. */
    interface Blow {
        void strike(Attacker.Hand hand) throws IOException, InterruptedException;
    }

    private final String title;
    private final String unit;
    private final Blow blow;

    Flood(String title, String unit, Blow blow) {
        this.title = title;
        this.unit = unit;
        this.blow = blow;
    }

    /** For the table. */
    String title() {
        return title;
    }

    /** What is counted. */
    String unit() {
        return unit;
    }

    /** As the command line has it. */
    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    Blow blow() {
        return blow;
    }

    /** Whether the service is to ask for certificates, and the transfer to be encrypted: else there is a token. */
    boolean isOfTls() {
        return this == SILENT_TLS || this == HALF_RECORDS || this == NEW_TLS_LINKS || this == RESUMED_TLS_LINKS;
    }

    /** What has to be there before. */
    void prepare(Target target) throws IOException {
        // most need nothing
    }

    /** The beginning of a message: an array or a map of 2^31 - 1 values, a text of 4 GiB, payload of 2 GiB and of 8 MiB. */
    private static byte[] lie(int which) {
        return switch (which) {
            case 0 -> new byte[]{(byte) 0xdd, 127, -1, -1, -1};
            case 1 -> new byte[]{(byte) 0xdf, 127, -1, -1, -1};
            case 2 -> new byte[]{(byte) 0x98, (byte) 0xdb, -1, -1, -1, -1};
            case 3 ->
                new byte[]{(byte) 0x98, (byte) 0xa1, 'c', (byte) 0xa1, 'd', 1, 0, 0, 0, (byte) 0xc6, 127, -1, -1, -1};
            default ->
                new byte[]{(byte) 0x98, (byte) 0xa1, 'c', (byte) 0xa1, 'd', 1, 0, 0, 0, (byte) 0xc6, 0, 127, -1, -1};
        };
    }

    private static SnapshotIdentity unfinished(DatabaseId database) {
        return new SnapshotIdentity("flood", database, 1, 1_000_000, new Crc32c(1));
    }

    /** Says the same, for a database of its own, on each of so many links, and reads all answers. */
    private static void onEachLink(Attacker.Hand hand, int links, String kind, int answers,
            Function<DatabaseId, byte[]> said) throws IOException {
        while (hand.held().size() < links) {
            hand.hold(hand.target().link(), links);
        }
        try {
            int number = 0;
            for (Socket link : hand.held()) {
                DatabaseId database = new DatabaseId(kind + hand.number() + "-" + number++);
                link.getOutputStream().write(said.apply(database));
            }
            for (Socket link : hand.held()) {
                DataInputStream in = new DataInputStream(new BufferedInputStream(link.getInputStream()));
                for (int i = 0; i < answers; i++) {
                    WireImage.answer(in);
                }
                hand.tally(Target.BATCH);
            }
        } catch (IOException e) {
            hand.letGo();
            throw e;
        }
    }

    private static ByteBuffer text(String message) {
        return WireImage.frame(0x81, ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8)));
    }

    private static ByteBuffer joined(ByteBuffer first, ByteBuffer second) {
        return ByteBuffer.allocate(first.remaining() + second.remaining()).put(first).put(second).flip();
    }

    private static byte[] halfRecord() {
        byte[] record = new byte[5 + 16 * 1024 - 1];
        byte[] hello = {0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, (byte) 0xfc, 3, 3};
        System.arraycopy(hello, 0, record, 0, hello.length);
        return record;
    }

    private static byte[] repeated(ByteBuffer frame, int times) {
        ByteBuffer all = ByteBuffer.allocate(frame.remaining() * times);
        for (int i = 0; i < times; i++) {
            all.put(frame.duplicate());
        }
        return all.array();
    }

    /** So many requests over one connection, whose answers are read. */
    private static void ask(Attacker.Hand hand, int requests, String path, String header) throws IOException {
        byte[] one = Target.get(path, header);
        byte[] last = Target.get(path, header, "Connection: close");
        ByteBuffer all = ByteBuffer.allocate(one.length * (requests - 1) + last.length);
        for (int i = 1; i < requests; i++) {
            all.put(one);
        }
        try (Socket socket = Target.connect(hand.target().port())) {
            if (Target.exchange(socket, all.put(last).array()).isEmpty()) {
                throw new IOException("cut without an answer");
            }
        }
        hand.tally(requests);
    }

    /** A message, of which the answer is read: the other end closes then, and so does this. */
    private static void sayOnALink(Attacker.Hand hand, byte[] message) throws IOException {
        try (Socket link = hand.target().link()) {
            Target.write(link, WireImage.frame(0x82, ByteBuffer.wrap(message)));
            hand.tally(1);
            WireImage.answer(new DataInputStream(link.getInputStream()));
        }
    }
}
