package io.mirrorbootstrap.source;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A small server of one object, by ranges, as object storage is one; each request may be answered otherwise. */
public final class StorageServer implements Closeable {

    /** What is answered in place of a part of the object. */
    public interface Fault {
        void to(Socket client) throws IOException, InterruptedException;
    }

    private static final Pattern RANGE = Pattern.compile("(?is).*\r\nrange: bytes=(\\d+)-(\\d*)\r\n.*");

    private final RawServer server;
    private final AtomicInteger requests = new AtomicInteger();
    private final Map<Integer, Fault> faults = new ConcurrentHashMap<>();
    private volatile byte[] bytes;
    private volatile String[] headers = {"ETag: \"one\""};

    public StorageServer(byte[] bytes) throws IOException {
        this.bytes = bytes;
        this.server = new RawServer("127.0.0.1", this::answer);
    }

    /** What the headers say of the object from now on. */
    public StorageServer with(String... lines) {
        headers = lines;
        return this;
    }

    /** It has others from now on. */
    public void replace(byte[] by) {
        bytes = by;
    }

    /** @param number of the request, from 1 on: the first is the look */
    public StorageServer on(int number, Fault fault) {
        faults.put(number, fault);
        return this;
    }

    /** An answer with a body of text. */
    public StorageServer on(int number, String status, String body, String... lines) {
        return on(number, client -> client.getOutputStream()
                .write(text("HTTP/1.1 " + status + "\r\nContent-Length: " + body.length() + "\r\n"
                        + lines(lines) + "\r\n" + body)));
    }

    /** The request is answered, but ends behind so many bytes. */
    public StorageServer cuts(int number, int behind) {
        return on(number, client -> part(client, behind));
    }

    private void answer(String head, Socket client) throws IOException, InterruptedException {
        Fault fault = faults.remove(requests.incrementAndGet());
        if (fault != null) {
            fault.to(client);
        } else {
            part(client, Integer.MAX_VALUE);
        }
    }

    /** Answers the last request with the first bytes of what it asks for. */
    public void part(Socket client, int most) throws IOException {
        byte[] now = bytes;
        Matcher range = RANGE.matcher(server.heads().get(server.heads().size() - 1));
        if (!range.matches()) {
            throw new IOException("no range is asked for");
        }
        int from = Integer.parseInt(range.group(1));
        int end = range.group(2).isEmpty() ? now.length : Math.min(now.length, Integer.parseInt(range.group(2)) + 1);
        OutputStream out = client.getOutputStream();
        if (from >= now.length) {
            out.write(text("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nContent-Range: bytes */"
                    + now.length + "\r\n" + lines(headers) + "\r\n"));
            return;
        }
        out.write(text("HTTP/1.1 206 Partial Content\r\nContent-Length: " + (end - from) + "\r\nContent-Range: bytes "
                + from + "-" + (end - 1) + "/" + now.length + "\r\n" + lines(headers) + "\r\n"));
        out.write(now, from, Math.min(end - from, most));
        out.flush();
    }

    private static String lines(String... lines) {
        List<String> all = new ArrayList<>(List.of(lines));
        all.add("");
        return String.join("\r\n", all);
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** The heads of all requests. */
    public List<String> heads() {
        return server.heads();
    }

    /** The first byte that each request has asked for. */
    public List<Long> asked() {
        return heads().stream().map(RANGE::matcher).filter(Matcher::matches)
                .map(matcher -> Long.parseLong(matcher.group(1))).toList();
    }

    /** Where {@code path} is, with its query. */
    public String url(String path) {
        return server.url() + path;
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
