package io.mirrorbootstrap.link;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

import com.github.luben.zstd.Zstd;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mirrorbootstrap.RandomBytes;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.SharedRate;
import io.mirrorbootstrap.mirror.TestMirrors;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/** Links whose workers and event loop a test turns by hand; their connections and the disk are the test's, too. */
abstract class HandTurnedLinks {

    static final MirrorSettings SETTINGS = TestMirrors.settings(Map.of("max-bootstraps", "2"));

    /** By what callers are told apart. */
    ToldApart apart = ToldApart.NOT;
    final SimulatedDisk disk = new SimulatedDisk();
    final LinkLimits limits = new LinkLimits(SETTINGS, () -> apart);
    final Links links = new Links(limits, new SimpleMeterRegistry(), null, () -> apart);
    final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    LinkMeters meters = new LinkMeters(metrics);
    final HeapRoom room = new HeapRoom();
    final HandTurned jobs = new HandTurned();
    /** Where links wait for the disk. */
    final HandTurned asides = new HandTurned();
    final byte[] whole = RandomBytes.random(1000, 1);
    private final Mirrors mirrors = TestMirrors.on(disk, SETTINGS);

    /** A link and its connection. */
    final class Open {
        final FakeTransport transport;
        final Link link;
        final Links.Place place;

        private Open(boolean canPull, MirrorSettings settings, CallerId caller) {
            place = takePlace(caller);
            transport = new FakeTransport(canPull);
            link = new Link(transport, Principal.ANYBODY, links, mirrors, limits,
                    new IngestBudget(settings, new SimpleMeterRegistry(), () -> apart).of(Principal.ANYBODY),
                    new SharedRate(settings.ingestRateBytesPerSecond(), () -> apart).of(Principal.ANYBODY), room,
                    new Turns.Workers(jobs, asides),
                    meters);
            links.opened(link, place);
            transport.start(link);
            link.start();
        }

        /** Frames come, and all is done that waits for no disk. */
        void send(byte[]... frames) {
            for (byte[] frame : frames) {
                transport.send(frame);
            }
            turnAll();
        }

        void turnAll() {
            boolean any = true;
            while (any) {
                any = transport.turn();
                any |= jobs.turnAll();
            }
        }

        /** What waits for the disk has its turn, and then the link. */
        void turnAside() {
            asides.turnAll();
            turnAll();
        }

        /** The connection breaks, and all is done that waits for no disk. */
        void loseConnection() {
            transport.loop.execute(() -> link.ends(new Ending.LinkLost()));
            turnAll();
        }

        /** What was sent: the types of messages, {@code pong ...} and {@code close CODE}. */
        List<String> types() {
            return transport.sent.stream().map(each -> each.replaceFirst("^.*\"type\":\"(\\w+)\".*$", "$1")).toList();
        }
    }

    Open open() {
        return open(true, SETTINGS);
    }

    Open open(boolean canPull, MirrorSettings settings) {
        return new Open(canPull, settings, CallerId.NOBODY);
    }

    /** A link of {@code caller}. */
    Open open(CallerId caller) {
        return new Open(true, SETTINGS, caller);
    }

    Links.Place takePlace() {
        return takePlace(CallerId.NOBODY);
    }

    Links.Place takePlace(CallerId caller) {
        try {
            return links.takePlace(caller);
        } catch (Links.NoPlace e) {
            throw new AssertionError(e);
        }
    }

    SnapshotIdentity identity(String database) {
        return new SnapshotIdentity("c", new DatabaseId(database), 1, whole.length, Crc32c.of(ByteBuffer.wrap(whole)));
    }

    byte[] chunk(String database, int from, int to) {
        byte[] payload = Arrays.copyOfRange(whole, from, to);
        byte[] head = ChunkEncoder.head(identity(database), from, payload.length, Crc32c.of(ByteBuffer.wrap(payload)),
                to == whole.length);
        return MaskedFrame.of(0x82, joined(head, payload));
    }

    byte[] wantsToOpen(String database) {
        return text(JsonMessages.write(new Control.Open(Announcement.of(identity(database)))));
    }

    /** Asks for what {@link #compressedChunk} needs. */
    static byte[] offersToCompress(SnapshotIdentity identity) {
        return text(JsonMessages.write(new Control.Open(Announcement.of(identity), true)));
    }

    /** The bytes as one zstd frame; it is to be agreed on before. */
    byte[] compressedChunk(String database, int from, int to) {
        return compressedChunk(identity(database), from, Arrays.copyOfRange(whole, from, to), to == whole.length);
    }

    static byte[] compressedChunk(SnapshotIdentity identity, int from, byte[] payload, boolean done) {
        byte[] frame = Zstd.compress(payload);
        byte[] head = ChunkEncoder.head(identity, from, payload.length, OptionalInt.of(frame.length),
                Crc32c.of(ByteBuffer.wrap(payload)), done, Optional.empty());
        return MaskedFrame.of(0x82, joined(head, frame));
    }

    /** How often a link was left unread for {@code reason}. */
    double pauses(String reason) {
        return metrics.get("mirror.bootstrap.socket.pauses").tag("reason", reason).counter().count();
    }

    static byte[] text(String message) {
        return MaskedFrame.of(0x81, message.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] ping(String payload) {
        return MaskedFrame.of(0x89, payload.getBytes(US_ASCII));
    }

    static byte[] close() {
        return MaskedFrame.of(0x88, new byte[]{3, (byte) 0xE8});
    }

    static byte[] joined(byte[]... parts) {
        ByteBuffer all = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(each -> each.length).sum());
        Arrays.stream(parts).forEach(all::put);
        return all.array();
    }

    /** The same {@code many} times. */
    static byte[][] repeated(int many, byte[] part) {
        byte[][] all = new byte[many][];
        Arrays.fill(all, part);
        return all;
    }
}
