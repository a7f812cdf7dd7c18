package io.mirrorbootstrap.download;

import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Executor;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.access.Connections;
import io.mirrorbootstrap.mirror.Rate;
import io.mirrorbootstrap.snapshot.CommittedFile;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.SnapshotTag;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.ssl.SslHandler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.impl.VertxHandler;
import io.vertx.ext.web.RoutingContext;

/** The answer to a request for a snapshot: its head, by the conditions and the range that the request has, and its bytes. Event loop only. */
final class SnapshotAnswer {

    private static final Logger LOG = Logger.getLogger("io.mirrorbootstrap.download");

    /** What the kernel may hold of a download that is encrypted. Of another it holds as much as it likes: nothing of it is a copy. */
    private static final int COPIED_BYTES = 256 * 1024;

    private final RoutingContext request;
    private final HttpServerResponse response;
    private final CommittedSnapshot snapshot;
    private final String tag;

    SnapshotAnswer(RoutingContext request, CommittedSnapshot snapshot) {
        this.request = request;
        this.response = request.response();
        this.snapshot = snapshot;
        this.tag = SnapshotTag.of(snapshot);
    }

    /** Answers HEAD. */
    void head() {
        begin(false).ifPresent(all -> response.end());
    }

    /**
     * Answers GET.
     *
     * @param file whose bytes are sent
     * @param place is left at the end
     * @param close is called when nobody needs the file any more
     */
    void send(CommittedFile file, Downloads.Place place, Executor workers, Runnable close) {
        Optional<ByteRange> range = begin(true);
        if (range.isEmpty() || range.get().bytes() == 0) {
            place.leave();
            close.run();
            Connections.holdFew(Connections.channel(request.request().connection()));
            range.ifPresent(none -> response.end());
            return;
        }
        Channel channel = Connections.channel(request.request().connection());
        ChannelHandlerContext connection = channel.pipeline().context(VertxHandler.class);
        if (connection == null) { // it has gone while the file was opened
            place.leave();
            close.run();
            return;
        }
        boolean isEncrypted = channel.pipeline().get(SslHandler.class) != null;
        if (isEncrypted) {
            Connections.hold(channel, COPIED_BYTES);
        }
        Outlet outlet = new Outlet(file, channel.alloc(), isEncrypted, System::nanoTime);
        long begun = System.nanoTime();
        LOG.infof("download begun: %s, to %s", facts(range.get()), Connections.source(channel));
        response.write(Buffer.buffer()); // the head, by itself
        new Download(connection, outlet, range.get(), place, workers, System::nanoTime, (sent, failure) -> {
            try {
                ended(channel, range.get(), sent, System.nanoTime() - begun, failure, place);
            } finally {
                close.run();
            }
        }).goOn();
    }

    private void ended(Channel channel, ByteRange range, long sent, long nanos, Optional<Download.Failure> failure,
            Downloads.Place place) {
        String sums = String.format(Locale.ROOT, "%d bytes in %.3f seconds (%s)", sent, nanos / 1e9,
                Rate.inWords(sent * 1e9 / Math.max(1, nanos)));
        if (failure.isEmpty()) {
            LOG.infof("downloaded: %s, to %s: %s", facts(range), Connections.source(channel), sums);
            place.end(Downloads.Outcome.COMPLETED);
            Connections.holdFew(channel);
            response.end();
            return;
        }
        boolean isOurs = failure.get().isOurs();
        boolean isTold = isOurs || failure.get().cause() instanceof Download.TooSlowException;
        LOG.logf(isOurs ? Logger.Level.ERROR : Logger.Level.WARN, "download cut: %s, to %s, after %s: %s", facts(range),
                Connections.source(channel), sums, isTold
                        ? Reason.of(failure.get().cause())
                        : "the other end has gone, or does not read");
        place.end(isOurs ? Downloads.Outcome.FAILED : Downloads.Outcome.DISCONNECTED);
        Connections.cut(channel); // it has been told how many bytes come
    }

    private String facts(ByteRange range) {
        return "database=" + snapshot.database() + " cluster=" + Text.field(snapshot.sourceClusterId()) + " lsn="
                + snapshot.lsn() + " bytes=" + range.from() + "-" + range.to() + "/" + snapshot.bytes();
    }

    /**
     * Sets the status and the fields of the head.
     *
     * @return the bytes that are to follow; empty where the answer has been given
     */
    private Optional<ByteRange> begin(boolean mayBePart) {
        response.putHeader(HttpHeaderNames.ETAG, tag).putHeader(HttpHeaderNames.ACCEPT_RANGES, "bytes")
                .putHeader(HttpHeaderNames.CACHE_CONTROL, "no-cache, no-transform")
                .putHeader("X-Content-Type-Options", "nosniff");
        String wanted = request.request().getHeader(HttpHeaderNames.IF_MATCH);
        String known = request.request().getHeader(HttpHeaderNames.IF_NONE_MATCH);
        if (wanted != null && !SnapshotTag.meant(wanted).test(snapshot)) {
            response.setStatusCode(HttpResponseStatus.PRECONDITION_FAILED.code()).end();
            return Optional.empty();
        } else if (known != null && SnapshotTag.known(known).test(snapshot)) {
            response.setStatusCode(HttpResponseStatus.NOT_MODIFIED.code()).end();
            return Optional.empty();
        }
        String asked = request.request().getHeader(HttpHeaderNames.RANGE);
        String same = request.request().getHeader(HttpHeaderNames.IF_RANGE);
        boolean isPart = mayBePart && asked != null && (same == null || same.strip().equals(tag));
        Optional<ByteRange> range = isPart
                ? ByteRange.of(asked, snapshot.bytes())
                : Optional.of(ByteRange.all(snapshot.bytes()));
        if (range.isEmpty()) {
            response.setStatusCode(HttpResponseStatus.REQUESTED_RANGE_NOT_SATISFIABLE.code())
                    .putHeader(HttpHeaderNames.CONTENT_RANGE, "bytes */" + snapshot.bytes()).end();
            return range;
        }
        ByteRange bytes = range.get();
        response.putHeader(HttpHeaderNames.CONTENT_TYPE, "application/octet-stream")
                .putHeader(HttpHeaderNames.CONTENT_DISPOSITION,
                        "attachment; filename=\"" + snapshot.database() + ".snapshot\"")
                .putHeader(HttpHeaderNames.CONTENT_LENGTH, String.valueOf(bytes.bytes()));
        if (bytes.isPart()) {
            response.setStatusCode(HttpResponseStatus.PARTIAL_CONTENT.code()).putHeader(HttpHeaderNames.CONTENT_RANGE,
                    "bytes " + bytes.from() + "-" + (bytes.to() - 1) + "/" + snapshot.bytes());
        }
        return range;
    }
}
