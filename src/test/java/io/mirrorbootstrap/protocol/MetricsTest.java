package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.RandomBytes.random;
import static io.mirrorbootstrap.protocol.TestChunk.part;
import static io.restassured.RestAssured.given;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.OptionalDouble;

import jakarta.inject.Inject;

import org.junit.jupiter.api.Test;

import io.micrometer.core.instrument.MeterRegistry;
import io.mirrorbootstrap.wire.ErrorCode;
import io.quarkus.test.junit.QuarkusTest;

/** What {@code /q/metrics} tells of a transfer, to a caller that is let in, as whoever is on this machine. */
@QuarkusTest
class MetricsTest extends WithLink {

    @Inject
    MeterRegistry metrics;

    @Test
    void aTransferIsSeenFromItsFirstChunkOn() throws Exception {
        byte[] whole = random(4 * MIB, 10);
        double bytes = count("received.bytes");
        double chunks = count("received.chunks");
        open(whole);
        assertPending(MIB, send(part(whole, database, 0, MIB)));
        assertEquals(bytes + MIB, count("received.bytes"));
        assertEquals(chunks + 1, count("received.chunks"));
        await().until(() -> own("done_bytes").equals(OptionalDouble.of(MIB))); // those who ask at almost the same time share an answer
        assertEquals(0.25, own("progress_ratio").orElseThrow());
        assertTrue(own("last_chunk_age_seconds").orElseThrow() >= 0);
        assertEquals(1, state("bootstrapping").orElseThrow());

        assertCommitted(send(part(whole, database, MIB, 4 * MIB)));
        await().until(() -> own("durable_bytes").equals(OptionalDouble.of(4 * MIB)));
        assertEquals(1, own("progress_ratio").orElseThrow());
        assertEquals(1, state("following").orElseThrow());
        assertFalse(state("bootstrapping").isPresent());
        assertFalse(own("last_chunk_age_seconds").isPresent());
    }

    @Test
    void anotherLinkThatGoesOnIsAResume() throws Exception {
        byte[] whole = random(1000, 10);
        open(whole);
        assertPending(600, send(part(whole, database, 0, 600)));
        double resumes = count("resumes");
        double saved = count("saved.bytes");
        double superseded = refusals(ErrorCode.SUPERSEDED);
        RawClient other = new RawClient(service);
        try {
            assertEquals(600, open(other, whole).offset());
            assertEquals(resumes + 1, count("resumes"));
            assertEquals(saved + 600, count("saved.bytes"));
            assertRefusedAndClosed(ErrorCode.SUPERSEDED);
            assertEquals(superseded + 1, refusals(ErrorCode.SUPERSEDED));
        } finally {
            other.cut();
        }
    }

    @Test
    void eachRefusalIsCountedWhereverItIs() throws Exception {
        for (ErrorCode code : ErrorCode.values()) {
            assertTrue(refusals(code) >= 0, "there from the start");
        }
        double notFound = refusals(ErrorCode.NOT_FOUND);
        given().get("/v1/mirrors/" + database).then().statusCode(404);
        assertEquals(notFound + 1, refusals(ErrorCode.NOT_FOUND));
        double upgrades = refusals(ErrorCode.UPGRADE_REQUIRED);
        given().get("/v1/bootstrap").then().statusCode(426);
        assertEquals(upgrades + 1, refusals(ErrorCode.UPGRADE_REQUIRED));
        double foreign = refusals(ErrorCode.ORIGIN_NOT_ALLOWED);
        given().header("Origin", "https://other.example").get("/v1/mirrors").then().statusCode(403);
        assertEquals(foreign + 1, refusals(ErrorCode.ORIGIN_NOT_ALLOWED));
    }

    @Test
    void aPageOfAnotherSiteIsToldWhatStrangersAre() throws Exception {
        assertCommitted(send(TestChunk.of(random(10, 1), database)));
        await().until(() -> given().get("/q/metrics").asString().contains(database));
        String strangers = given().header("Origin", "https://other.example").get("/q/metrics").asString();
        assertTrue(strangers.contains("mirror_bootstrap_links "), strangers);
        assertFalse(strangers.contains("mirror_bootstrap_database_"), strangers);
        assertFalse(strangers.contains("mirror_bootstrap_build_info"), strangers);
    }

    private OptionalDouble own(String name) {
        return find("mirror_bootstrap_database_" + name + "{database=\"" + database + "\",}");
    }

    private OptionalDouble state(String state) {
        return find("mirror_bootstrap_database_state{database=\"" + database + "\",state=\"" + state + "\",}");
    }

    private double refusals(ErrorCode code) {
        return metrics.get("mirror.bootstrap.refusals").tag("code", code.spelling()).counter().count();
    }

    private double count(String name) {
        return metrics.get("mirror.bootstrap." + name).counter().count();
    }

    private static OptionalDouble find(String series) {
        return Arrays.stream(given().accept("text/plain").get("/q/metrics").asString().split("\n"))
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1))).findFirst();
    }
}
