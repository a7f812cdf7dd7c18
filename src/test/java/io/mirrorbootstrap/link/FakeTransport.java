package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;

import io.mirrorbootstrap.snapshot.TraceContext;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;

/** A connection that a test holds both ends of. */
class FakeTransport implements Transport {

    /** What is called on the event loop, in order. */
    final HandTurned loop = new HandTurned();
    /** What is called on the event loop later: the test says when. */
    final Queue<Runnable> timers = new ArrayDeque<>();
    /** What has been sent: texts, {@code pong ...} and {@code close CODE}. */
    final List<String> sent = new ArrayList<>();

    private final boolean canPull;
    private final Queue<byte[]> inSocket = new ArrayDeque<>();
    private Listener listener;
    private boolean asked;
    private boolean takesMore = true;
    private int takes = Integer.MAX_VALUE;
    private Runnable whenItTakesMore = () -> {
    };
    private boolean saidGoodbye;
    private boolean heardGoodbye;
    private boolean isCut;

    FakeTransport(boolean canPull) {
        this.canPull = canPull;
    }

    void start(Listener heard) {
        listener = heard;
    }

    /** The source sends {@code bytes}: they are in the socket. */
    void send(byte[] bytes) {
        inSocket.add(bytes);
    }

    boolean isAsked() {
        return asked;
    }

    /** How many of the source's sendings have not been read. */
    int unread() {
        return inSocket.size();
    }

    boolean isCut() {
        return isCut;
    }

    boolean isOver() {
        return saidGoodbye && heardGoodbye;
    }

    /** The event loop has its turn: what was handed to it, and a read if one is asked for and there is something. */
    boolean turn() {
        boolean any = loop.turnAll();
        if (asked && !inSocket.isEmpty()) {
            asked = false;
            ByteBuf read = Unpooled.directBuffer();
            listener.arrived(read.writeBytes(inSocket.remove()));
            listener.arrivedAll();
            any = true;
        }
        return any | loop.turnAll();
    }

    /** The source reads no more, or again. */
    void takesMore(boolean more) {
        takesMore = more;
        if (more) {
            whenItTakesMore.run();
        }
    }

    /** The source reads no more when so much has been written. */
    void takesOnly(int writes) {
        takes = writes;
    }

    /** All that is due later is due now. */
    void passTime() {
        List<Runnable> due = List.copyOf(timers);
        timers.clear();
        due.forEach(Runnable::run);
    }

    @Override
    public void ask() {
        asked = true;
    }

    @Override
    public boolean canPull() {
        return canPull;
    }

    @Override
    public ByteBuffer plain(ByteBuf arrived) {
        return arrived.nioBuffer();
    }

    @Override
    public int pull(ByteBuffer into, int atMost) {
        if (asked) {
            throw new AssertionError("two read the socket");
        }
        byte[] next = inSocket.poll();
        if (next == null) {
            return 0;
        }
        into.put(next);
        return next.length;
    }

    @Override
    public void isMidway(boolean midway) {
        // no clock
    }

    @Override
    public boolean takesMore() {
        return takesMore && takes > 0;
    }

    @Override
    public void whenItTakesMore(Runnable action) {
        whenItTakesMore = action;
    }

    @Override
    public void write(ByteBuf frames) {
        if (saidGoodbye) {
            throw new AssertionError("something is sent behind the close frame");
        }
        takes--;
        ByteBuffer bytes = ByteBuffer.wrap(ByteBufUtil.getBytes(frames));
        frames.release();
        while (bytes.hasRemaining()) {
            int first = bytes.get() & 0xFF;
            int length = bytes.get() & 0xFF;
            length = length == 126 ? bytes.getShort() & 0xFFFF : length;
            byte[] payload = new byte[length];
            bytes.get(payload);
            String text = new String(payload, StandardCharsets.UTF_8);
            sent.add(switch (first & 0x0F) {
                case 1 -> text;
                case 8 -> "close " + (payload.length == 0 ? "" : (payload[0] & 0xFF) << 8 | payload[1] & 0xFF);
                default -> "pong " + text;
            });
        }
    }

    @Override
    public void saidGoodbye() {
        saidGoodbye = true;
    }

    @Override
    public void heardGoodbye() {
        heardGoodbye = true;
    }

    @Override
    public void cut() {
        isCut = true;
    }

    @Override
    public void onLoop(Runnable action) {
        loop.execute(action);
    }

    @Override
    public void later(long nanos, Runnable action) {
        timers.add(action);
    }

    @Override
    public String remote() {
        return "192.0.2.7:1";
    }

    @Override
    public Optional<TraceContext> trace() {
        return Optional.empty();
    }
}
