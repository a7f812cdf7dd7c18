package io.mirrorbootstrap.seed;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.source.HeaderFile;
import io.mirrorbootstrap.source.HttpProxy;
import io.mirrorbootstrap.source.Origin;
import io.mirrorbootstrap.source.SourceUrl;
import io.mirrorbootstrap.source.UrlInput;

/**
 * An object in storage that is a snapshot, as the configuration says.
 *
 * @param origin what its bytes do not say
 * @param crc32c what it has, where the configuration says it
 * @param headers what its server is shown, beside the URL
 * @param authorities see {@link UrlInput#open}
 */
record SeedObject(SourceUrl url, Origin origin, Optional<Crc32c> crc32c, Optional<HeaderFile> headers,
        Optional<Path> authorities, Optional<HttpProxy> proxy) implements Provider {

    @Override
    public String where() {
        return url.toString();
    }

    @Override
    public String words() {
        return "the object at " + where();
    }

    /**
     * Looks what is there.
     *
     * @param found is told what its head says of its LSN
     * @throws IOException when it cannot be read, or is none that is wanted, with a sentence
     */
    Offer offer(Consumer<String> found) throws IOException, InterruptedException {
        try (UrlInput input = open()) {
            if (!input.begin()) {
                throw new IOException("it has no byte: it is taken for what is left of an upload that failed");
            }
            Announcement announcement = origin.announcement(input, found);
            return Offer.of(this, announcement, tag(input), crc32c.isPresent() || input.isVouchedFor());
        }
    }

    @Override
    public Bytes bytes(Offer offer, long from) throws IOException, InterruptedException {
        UrlInput input = open();
        boolean isIt = input.size().orElseThrow() == offer.identity().totalBytes() && tag(input).equals(offer.tag());
        if (!isIt) {
            input.close();
            throw new ChangedException("its ETag, its time or its size is another than a moment ago");
        }
        return new ObjectBytes(input, from);
    }

    private static String tag(UrlInput input) {
        return input.lastingName().orElse("");
    }

    /** What may go away by itself is looked at again in the next round. */
    private UrlInput open() throws IOException, InterruptedException {
        return UrlInput.open(url, headers, authorities, proxy, crc32c, Duration.ZERO, (pause, why) -> {
        });
    }
}
