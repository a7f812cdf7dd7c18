package io.mirrorbootstrap.source;

import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

import io.mirrorbootstrap.snapshot.Text;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;

/**
 * Finds the way to one sidecar, directly or through a proxy: each address of a name in turn, each with a time of its own,
 * until somebody answers. Holds an event loop until it is closed. One thread at a time, which must not be an event loop: it
 * waits.
 */
final class Dialer implements AutoCloseable {

    /** For one address; half of it to be connected, and half to be answered by a proxy. */
    private static final Duration LONGEST_ATTEMPT = Duration.ofSeconds(20);
    private static final Duration SHORTEST_ATTEMPT = Duration.ofSeconds(2);
    private static final Duration A_MOMENT = Duration.ofMillis(250);
    private static final Duration PROBE_PATIENCE = Duration.ofSeconds(2);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    /**
     * What is done with one address.
     *
     * @param answer what it comes to
     * @param end ends its connection, whether or not that is there yet
     */
    record Attempt<T>(Future<T> answer, Supplier<Future<Void>> end) {
    }

    private final Endpoint endpoint;
    private final Optional<HttpProxy> proxy;
    private final BoundedTransport transport = new BoundedTransport();
    private final Vertx vertx = ClientVertx.create(transport);

    /** Opens nothing yet. */
    Dialer(Endpoint endpoint, Optional<HttpProxy> proxy) {
        this.endpoint = endpoint;
        this.proxy = proxy;
    }

    Vertx vertx() {
        return vertx;
    }

    /**
     * Has an answer of the sidecar. Of an attempt that is given up nothing is left when the next is made: a link that comes too late
     * would be one more of those that the sidecar lets this source have.
     *
     * @param patience for all addresses together, shared evenly by those that are left; each has 20 s at most
     * @param attempt asks on a new connection, {@link #onLoop}, which is to be there in the time given
     * @return what {@code attempt} has come to
     * @throws BlockedException when it has not
     */
    <T> T dial(Duration patience, Function<Duration, Attempt<T>> attempt)
            throws BlockedException, InterruptedException {
        return dial(patience, BoundedTransport.MAX_BYTES, attempt);
    }

    /**
     * The same.
     *
     * @param only at this address alone; empty: at each that the name has, in turn
     */
    <T> T dial(Optional<InetAddress> only, Duration patience, Function<Duration, Attempt<T>> attempt)
            throws BlockedException, InterruptedException {
        return only.isPresent()
                ? dial(List.of(only.get()), patience, BoundedTransport.MAX_BYTES, attempt)
                : dial(patience, attempt);
    }

    /**
     * The same for a longer answer.
     *
     * @param maxBytes how long it may be, in bytes
     */
    <T> T dial(Duration patience, int maxBytes, Function<Duration, Attempt<T>> attempt)
            throws BlockedException, InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        List<InetAddress> addresses = addresses(patience);
        return dial(addresses, Duration.ofNanos(Math.max(0, end - System.nanoTime())), maxBytes, attempt);
    }

    /** The same at these addresses of it alone. */
    <T> T dial(List<InetAddress> addresses, Duration patience, int maxBytes, Function<Duration, Attempt<T>> attempt)
            throws BlockedException, InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        Set<String> failed = new LinkedHashSet<>();
        for (int i = 0; i < addresses.size(); i++) {
            Duration left = Duration.ofNanos(Math.max(0, end - System.nanoTime()));
            Duration time = bounded(left.dividedBy(addresses.size() - i), left);
            Duration half = time.dividedBy(2);
            transport.aim(new InetSocketAddress(addresses.get(i), proxy.map(HttpProxy::port).orElse(endpoint.port())),
                    maxBytes, () -> proxy.map(through -> new Tunnel(through, endpoint, half.toMillis())));
            Attempt<T> made = attempt.apply(half);
            Future<T> answer = made.answer();
            Blocking.await(answer, time);
            if (answer.succeeded()) {
                return answer.result();
            } else if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            Obstacle obstacle = obstacle(answer, maxBytes);
            Blocking.await(made.end().get(), A_MOMENT);
            if (!(obstacle instanceof Obstacle.Unreachable)) {
                throw new BlockedException(obstacle);
            }
            failed.add(told(addresses.get(i), obstacle.message()));
        }
        throw new BlockedException(new Obstacle.Unreachable(String.join("; ", failed)));
    }

    /**
     * Does {@code attempt} on the event loop, from its beginning to its end. On another thread it could be overtaken: what comes
     * before somebody waits for it is lost. Any thread.
     */
    <T> Future<T> onLoop(Supplier<Future<T>> attempt) {
        Promise<T> outcome = Promise.promise();
        vertx.getOrCreateContext().runOnContext(
                now -> Future.succeededFuture().compose(nothing -> attempt.get()).onComplete(outcome));
        return outcome.future();
    }

    /** Closes what is open, and ends the event loop. */
    @Override
    public void close() {
        Blocking.await(vertx.close(), STOP_PATIENCE);
    }

    private Obstacle obstacle(Future<?> answer, int maxBytes) {
        if (transport.isExceeded()) {
            return new Obstacle.Unfit("it answered with more than " + maxBytes + " bytes");
        }
        if (!answer.failed()) {
            return new Obstacle.Unreachable("no answer in time");
        }
        Throwable cause = answer.cause() instanceof UpgradeRejectedException
                ? answer.cause()
                : transport.alert().orElse(answer.cause());
        Obstacle obstacle = Failures.of(cause, endpoint, transport.first());
        boolean wordless = !endpoint.tls() && transport.first() < 0 && obstacle instanceof Obstacle.Unreachable
                && !(cause instanceof ConnectException) && !(cause instanceof BlockedException);
        return wordless && speaksTls() ? Failures.TLS_THERE : obstacle;
    }

    /** Who speaks TLS ends a connection that does not, often without a word. */
    private boolean speaksTls() {
        NetClient client = vertx.createNetClient(new NetClientOptions().setSsl(true).setTrustAll(true)
                .setHostnameVerificationAlgorithm("").setConnectTimeout((int) PROBE_PATIENCE.toMillis()));
        Blocking.await(client.connect(endpoint.port(), endpoint.name()), PROBE_PATIENCE);
        client.close();
        return Failures.isTls(transport.first());
    }

    /** The addresses that it has. The resolver's time is its own: a thread of Vert.x waits for it. */
    List<InetAddress> addresses(Duration patience) throws BlockedException, InterruptedException {
        String host = proxy.map(HttpProxy::host).orElse(endpoint.host());
        Future<List<InetAddress>> resolving = vertx.executeBlocking(() -> resolved(host), false);
        Blocking.await(resolving, bounded(patience, patience));
        if (resolving.succeeded()) {
            return resolving.result();
        } else if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        String why = resolving.failed()
                ? reason(host, String.valueOf(resolving.cause().getMessage()))
                : "no name server answers in time";
        throw new BlockedException(
                new Obstacle.Unreachable(proxy.map(through -> "the proxy " + through + ": ").orElse("")
                        + "no address of " + host + " is known (" + Text.readable(why) + ")"));
    }

    /** A machine's own name means both of its addresses, whatever a file or a name server has (RFC 6761). */
    static List<InetAddress> resolved(String host) throws UnknownHostException {
        String name = host.toLowerCase(Locale.ROOT);
        return name.equals("localhost") || name.endsWith(".localhost")
                ? List.of(InetAddress.getByName("127.0.0.1"), InetAddress.getByName("::1"))
                : List.of(InetAddress.getAllByName(host));
    }

    private static String reason(String host, String message) {
        return message.startsWith(host + ": ") ? message.substring(host.length() + 2) : message;
    }

    /** With the address, where that is not what was given; what a proxy leads to, the proxy alone knows. */
    private String told(InetAddress address, String why) {
        String text = address.getHostAddress();
        return proxy.isPresent() || text.equals(endpoint.host())
                || address instanceof Inet6Address && endpoint.host().contains(":")
                        ? why
                        : text + ": " + why;
    }

    /** A share of the time that is left, but at least enough for a host that is there to answer. */
    private static Duration bounded(Duration share, Duration left) {
        Duration least = left.compareTo(SHORTEST_ATTEMPT) < 0 ? left : SHORTEST_ATTEMPT;
        Duration time = share.compareTo(least) < 0 ? least : share;
        return time.compareTo(LONGEST_ATTEMPT) > 0 ? LONGEST_ATTEMPT : time.compareTo(A_MOMENT) < 0 ? A_MOMENT : time;
    }
}
