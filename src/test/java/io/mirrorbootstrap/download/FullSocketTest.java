package io.mirrorbootstrap.download;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mirrorbootstrap.RandomBytes;
import io.mirrorbootstrap.mirror.TestMirrors;
import io.mirrorbootstrap.snapshot.CommittedFile;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.LocalDisk;
import io.mirrorbootstrap.wire.JsonRecords;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;

/** A download to a socket that takes little at once, and a system that needs its memory for something else then. */
@Timeout(60)
class FullSocketTest {

    private static final DatabaseId DATABASE = new DatabaseId("d");
    private static final int BYTES = 8 * 1024 * 1024 + 5;

    @TempDir
    Path data;

    private final byte[] whole = RandomBytes.random(BYTES, 7);
    private final NioEventLoopGroup loop = new NioEventLoopGroup(1);
    private final ExecutorService worker = Executors.newSingleThreadExecutor();
    private final ForgetfulFile file = new ForgetfulFile(whole, () -> loop.next().inEventLoop());
    private final Downloads downloads = new Downloads(TestMirrors.settings(Map.of()), () -> ToldApart.NOT,
            new SimpleMeterRegistry());
    private final CompletableFuture<Optional<Download.Failure>> ended = new CompletableFuture<>();
    private final AtomicLong passedNanos = new AtomicLong();
    private volatile LongSupplier clock = () -> passedNanos.get() + file.timesFull() * (FreshRegion.FRESH_NANOS + 1);
    private volatile Download download;
    private Channel port;

    @BeforeEach
    void listen() throws Exception {
        CommittedFile snapshot = committed();
        port = new ServerBootstrap().group(loop).channel(NioServerSocketChannel.class)
                .childOption(ChannelOption.SO_SNDBUF, 64 * 1024)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                            @Override
                            public void channelActive(ChannelHandlerContext connection) {
                                begin(connection, snapshot);
                            }

                            @Override
                            public void exceptionCaught(ChannelHandlerContext connection, Throwable cause) {
                                connection.close(); // the reader has reset it
                            }
                        });
                    }
                }).bind(InetAddress.getLoopbackAddress(), 0).sync().channel();
    }

    private void begin(ChannelHandlerContext connection, CommittedFile snapshot) {
        download = new Download(connection, new Outlet(snapshot, connection.alloc(), false, clock),
                ByteRange.all(BYTES), downloads.begin(Principal.ANYBODY).orElseThrow(), worker, clock,
                (sent, failure) -> {
                    connection.close();
                    ended.complete(failure);
                });
        download.goOn();
    }

    private CommittedFile committed() throws IOException {
        Disk disk = new LocalDisk(data.resolve("files"), ".lock");
        SnapshotDirectory directory = new SnapshotDirectory((Disk) Proxy.newProxyInstance(Disk.class.getClassLoader(),
                new Class<?>[]{Disk.class},
                (self, method, arguments) -> method.getName().equals("open") ? file : method.invoke(disk, arguments)),
                0, new JsonRecords());
        disk.make();
        Files.write(directory.snapshot(DATABASE), whole);
        Files.write(directory.manifest(DATABASE), new JsonRecords().manifest(new Manifest(new CommittedSnapshot("c",
                DATABASE, 7, BYTES, Crc32c.of(ByteBuffer.wrap(whole)), Instant.EPOCH), Optional.empty())));
        return directory.openUnmarked(DATABASE).orElseThrow();
    }

    @AfterEach
    void close() throws Exception {
        port.close().sync();
        loop.shutdownGracefully();
        worker.shutdown();
    }

    private Socket reader() throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(16 * 1024);
        socket.setSoTimeout(60_000);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(),
                ((InetSocketAddress) port.localAddress()).getPort()));
        return socket;
    }

    @Test
    void nothingIsHandedOnButWhatWasBroughtIntoMemoryJustNow() throws Exception {
        try (Socket reader = reader()) {
            file.awaitFull();
            assertArrayEquals(whole, reader.getInputStream().readNBytes(BYTES));
            assertEquals(Optional.empty(), ended.get());
        }
        assertEquals(0, file.waits(), "waits of the event loop for the disk");
        assertTrue(file.handedOn() > BYTES / 2, () -> file.handedOn() + " bytes were not copied");
    }

    @Test
    void whatIsFreshIsNotMadeReadyAgain() throws Exception {
        clock = () -> 0;
        file.remember();
        try (Socket reader = reader()) {
            file.awaitFull();
            assertArrayEquals(whole, reader.getInputStream().readNBytes(BYTES));
            assertEquals(Optional.empty(), ended.get());
        }
        assertEquals(BYTES, file.handedOn());
        assertEquals(BYTES, file.broughtIntoMemory());
    }

    @Test
    void whatCannotBeHandedOnIsReadInstead() throws Exception {
        try (Socket reader = reader()) {
            file.awaitFull();
            file.fail(false);
            assertArrayEquals(whole, reader.getInputStream().readNBytes(BYTES));
            assertEquals(Optional.empty(), ended.get());
        }
        assertEquals(0, file.waits(), "waits of the event loop for the disk");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whoHasFailedIsTold(boolean isDisk) throws Exception {
        try (Socket reader = reader()) {
            file.awaitFull();
            if (isDisk) {
                file.fail(true);
                byte[] come = reader.getInputStream().readAllBytes();
                assertTrue(come.length < BYTES);
                assertTrue(Arrays.equals(whole, 0, come.length, come, 0, come.length));
            } else {
                reader.setSoLinger(true, 0);
                reader.close();
            }
            assertEquals(isDisk, ended.get().orElseThrow().isOurs());
            assertFalse(ended.get().orElseThrow().cause() instanceof Error);
        }
    }

    /** And as long as it costs nobody anything, whoever reads may take the time. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whoTakesNextToNothingIsCutWhereThatCostsOthersSomething(boolean isRemoved) throws Exception {
        try (Socket reader = reader()) {
            file.awaitFull();
            aMinutePasses(); // in which the socket has taken what it has room for
            aMinutePasses();
            assertFalse(ended.isDone());

            if (isRemoved) {
                Files.delete(data.resolve("files").resolve(DATABASE + ".snapshot"));
            } else {
                while (downloads.begin(Principal.ANYBODY).isPresent()) {
                    continue; // until one is refused
                }
            }
            aMinutePasses();
            assertFalse(ended.get().orElseThrow().isOurs());
            assertInstanceOf(Download.TooSlowException.class, ended.get().orElseThrow().cause());
        }
    }

    private void aMinutePasses() throws Exception {
        passedNanos.addAndGet(LeastPace.WINDOW.toNanos());
        loop.submit(() -> download.look()).get();
        worker.submit(() -> {
        }).get(); // it has asked for the name
        loop.submit(() -> {
        }).get();
    }
}
