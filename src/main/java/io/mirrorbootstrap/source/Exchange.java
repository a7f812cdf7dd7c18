package io.mirrorbootstrap.source;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;

import io.vertx.core.Future;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.RequestOptions;

/** One request on a connection of its own, which lasts until this is closed. One thread at a time, which waits. */
final class Exchange implements AutoCloseable {

    private final Dialer dialer;
    private final Consumer<HttpClientOptions> options;
    private final AtomicReference<HttpClient> client = new AtomicReference<>();

    /** An answer that is not the one that was asked for, where a future has to carry it. */
    static final class Refused extends RuntimeException {

        private static final long serialVersionUID = 1;

        private final transient Obstacle obstacle;

        Refused(Obstacle obstacle) {
            super(obstacle.message());
            this.obstacle = obstacle;
        }
    }

    /**
     * Opens nothing yet.
     *
     * @param options says whom the connection believes, and what it shows
     */
    Exchange(Dialer dialer, Consumer<HttpClientOptions> options) {
        this.dialer = dialer;
        this.options = options;
    }

    /**
     * Asks, once.
     *
     * @param only at this address alone; empty: at each that the name has, in turn
     * @param patience for all addresses together
     * @param maxBytes how long the answer may be, in bytes
     * @param reading makes something of the answer, when its head is there; event loop. It fails with {@link Refused} where the answer is
     *        not the one that was asked for
     * @throws BlockedException when nothing comes of it
     */
    <T> T ask(Optional<InetAddress> only, Duration patience, int maxBytes, RequestOptions request,
            Function<HttpClientResponse, Future<T>> reading)
            throws BlockedException, InterruptedException {
        AtomicReference<Obstacle> refused = new AtomicReference<>();
        Function<Duration, Dialer.Attempt<T>> attempt = time -> {
            HttpClientOptions own = new HttpClientOptions().setConnectTimeout((int) time.toMillis());
            options.accept(own);
            client.set(dialer.vertx().createHttpClient(own));
            return new Dialer.Attempt<>(
                    dialer.onLoop(() -> client.get().request(request).compose(Exchange::sent)
                            .compose(answer -> reading.apply(answer.exceptionHandler(told -> {
                            }))).onFailure(failure -> {
                                if (failure instanceof Refused told) {
                                    refused.set(told.obstacle);
                                }
                            })),
                    client.get()::close);
        };
        try {
            return only.isPresent()
                    ? dialer.dial(List.of(only.get()), patience, maxBytes, attempt)
                    : dialer.dial(patience, maxBytes, attempt);
        } catch (BlockedException e) {
            throw refused.get() == null ? e : new BlockedException(refused.get());
        }
    }

    /** What fails fails the future: where nobody hears of it otherwise, Vert.x writes it to the log, with its stack. */
    private static Future<HttpClientResponse> sent(HttpClientRequest request) {
        request.connection().exceptionHandler(told -> {
        });
        return request.send();
    }

    @Override
    public void close() {
        Optional.ofNullable(client.get()).ifPresent(HttpClient::close);
    }
}
