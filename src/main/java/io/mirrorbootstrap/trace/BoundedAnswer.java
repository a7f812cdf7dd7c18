package io.mirrorbootstrap.trace;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;

/** Reads an answer and keeps nothing of it; one that is longer than it may be is cut off, with its connection. Any thread. */
final class BoundedAnswer implements BodySubscriber<Void> {

    private final CompletableFuture<Void> body = new CompletableFuture<>();
    /** Bytes; only the client's thread that hands them over. */
    private long left;
    /** Guarded by this; null until it begins. */
    private Subscription subscription;
    /** Guarded by this. */
    private boolean isOver;

    /** @param most bytes that are read */
    BoundedAnswer(long most) {
        this.left = most;
    }

    /** Reads no more; nothing where it has ended. */
    synchronized void cancel() {
        if (!isOver && subscription != null) {
            subscription.cancel();
        }
        isOver = true;
        body.complete(null);
    }

    @Override
    public CompletionStage<Void> getBody() {
        return body;
    }

    @Override
    public synchronized void onSubscribe(Subscription begun) {
        subscription = begun;
        if (isOver) {
            begun.cancel();
        } else {
            begun.request(Long.MAX_VALUE);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> bytes) {
        left -= bytes.stream().mapToLong(ByteBuffer::remaining).sum();
        if (left < 0) {
            cancel();
        }
    }

    @Override
    public synchronized void onError(Throwable failure) {
        isOver = true;
        body.completeExceptionally(failure);
    }

    @Override
    public synchronized void onComplete() {
        isOver = true;
        body.complete(null);
    }
}
