package io.mirrorbootstrap.bench;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import javax.net.ssl.SSLContext;

/**
 * A process that attacks a service on loopback, for a while: its kernel closes what it has opened when it ends. Prints {@code ready},
 * waits for a line, and prints in the end how much it has done, and how often it was refused or cut.
 */
public final class Attacker {

    private static final int HANDS = 4;

    private Attacker() {
    }

    /** @param arguments name of the flood, port, port of TLS, token, seconds, directory of the keys for TLS */
    public static void main(String[] arguments) throws Exception {
        Flood flood = Flood.valueOf(arguments[0]);
        Target target = new Target(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]), arguments[3]);
        flood.prepare(target);
        System.out.println("ready");
        if (System.in.read() < 0) {
            return;
        }
        AtomicLong done = new AtomicLong();
        AtomicLong cut = new AtomicLong();
        Keys keys = flood.isOfTls() ? Keys.in(Path.of(arguments[5])) : null;
        SSLContext lasting = flood.isOfTls() ? keys.context() : null;
        for (int i = 0; i < HANDS; i++) {
            Hand hand = new Hand(target, i, done, keys, lasting);
            Thread thread = new Thread(() -> hand.work(flood, cut));
            thread.setDaemon(true);
            thread.start();
        }
        TimeUnit.SECONDS.sleep(Long.parseLong(arguments[4]));
        System.out.println(done + " " + cut);
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    /** One thread of an attacker, and the connections that it holds. */
    static final class Hand {

        private final Target target;
        private final int number;
        private final AtomicLong done;
        private final Random random = new Random();
        private final Deque<Socket> held = new ArrayDeque<>();
        /** Null where it needs none. */
        private final Keys keys;
        private final SSLContext lasting;
        private long next;
        private long dueNanos = System.nanoTime();

        private Hand(Target target, int number, AtomicLong done, Keys keys, SSLContext lasting) {
            this.target = target;
            this.number = number;
            this.done = done;
            this.keys = keys;
            this.lasting = lasting;
        }

        private void work(Flood flood, AtomicLong cut) {
            try {
                while (true) {
                    try {
                        flood.blow().strike(this);
                    } catch (IOException e) {
                        cut.incrementAndGet();
                        pause(1);
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        Target target() {
            return target;
        }

        int number() {
            return number;
        }

        Random random() {
            return random;
        }

        /** A number that it has not had. */
        long next() {
            return next++;
        }

        /** So much more is done. */
        void tally(long units) {
            done.addAndGet(units);
        }

        void pause(long millis) throws InterruptedException {
            TimeUnit.MILLISECONDS.sleep(millis);
        }

        /** Returns so often that all hands together do {@code perSecond} things a second, if they can. */
        void keepPace(int perSecond) throws InterruptedException {
            dueNanos = Math.max(dueNanos, System.nanoTime() - TimeUnit.SECONDS.toNanos(1))
                    + TimeUnit.SECONDS.toNanos(HANDS) / perSecond;
            TimeUnit.NANOSECONDS.sleep(dueNanos - System.nanoTime());
        }

        /** With a certificate, and the sessions that all hands have had. */
        SSLContext lastingTls() {
            return lasting;
        }

        /** With a certificate, and no session. */
        SSLContext newTls() throws IOException {
            try {
                return keys.context();
            } catch (GeneralSecurityException e) {
                throw new IOException(e);
            }
        }

        void pauseIfHolding(int connections, long millis) throws InterruptedException {
            if (held.size() >= connections) {
                pause(millis);
            }
        }

        /** Keeps it open; of more than so many the oldest is closed. */
        Socket hold(Socket socket, int most) throws IOException {
            held.addLast(socket);
            if (held.size() > most) {
                held.removeFirst().close();
            }
            return socket;
        }

        /** What is kept open, the oldest first. */
        Collection<Socket> held() {
            return held;
        }

        /** Reads what has come on every second connection that is held. */
        void readEachSecond() throws IOException {
            boolean reads = false;
            for (Socket each : held) {
                reads = !reads;
                if (reads) {
                    each.getInputStream().skipNBytes(each.getInputStream().available());
                }
            }
        }

        /** Closes all that is kept open. */
        void letGo() throws IOException {
            for (Socket each = held.poll(); each != null; each = held.poll()) {
                each.close();
            }
        }

        /** Sends a byte over each that is held, and forgets those that are cut. */
        int dropToEach(byte drop) throws IOException {
            int sent = 0;
            for (Iterator<Socket> all = held.iterator(); all.hasNext();) {
                Socket each = all.next();
                try {
                    each.getOutputStream().write(drop);
                    sent++;
                } catch (IOException e) {
                    each.close();
                    all.remove();
                }
            }
            return sent;
        }
    }
}
