package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.protocol.Upgrade;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;

/** What those who are let in may do to each other, and for how long they are. */
class CallersIT extends WithSidecar {

    @Test
    void whatIsOfOneTokenIsNotAnothersToReplaceOrRemove() throws Exception {
        start(tokens("token-a = a\ntoken-b = b\nnameless\n"));
        TestSnapshot ofB = TestSnapshot.of("orders", 7, "of b".getBytes(StandardCharsets.US_ASCII));
        RawClient b = new RawClient(sidecar.uri(), "token-b");
        ofB.committed(b);
        snapshot("big", 10).opened(b);

        for (String token : List.of("token-a", "nameless")) {
            RawClient other = new RawClient(sidecar.uri(), token);
            refused(ErrorCode.STALE_SNAPSHOT, snapshot("orders", 1).open(other));
            refused(ErrorCode.STALE_SNAPSHOT, TestSnapshot.of("orders", 7, new byte[1]).send(other));
            refused(ErrorCode.TRANSFER_IN_PROGRESS, snapshot("big", 10).open(other));
            other.text(snapshot("big", 10).abort());
            assertEquals("b", refused(ErrorCode.NOT_OWNER, TestSnapshot.answer(other)).fields().get("owner"));
            assertEquals(403, delete("orders", token));
            assertEquals(403, delete("big", token));
            snapshot("own", 1).opened(other); // the link is open
            other.cut();
        }
        assertEquals("of b", Files.readString(file("orders.snapshot")));
        assertFalse(b.isClosed());

        sidecar.kill(); // whose it is outlives the process
        start(tokens("token-a = a\nanother = b\n"));
        assertEquals(403, delete("orders", "token-a"));
        assertEquals(204, delete("orders", "another"));
        assertFalse(Files.exists(file("orders.snapshot")));
    }

    @Test
    void theSidecarsOwnFileIsGoodForWhoeverWaitsBesideIt() throws Exception {
        start(tokens("# of all\ntoken-a== = a: orders\n"));
        RawClient source = new RawClient(sidecar.uri(), "token-a==");
        snapshot("orders", 3).committed(source);
        Process wait = SidecarProcess.command("wait", "--database", "orders", "--url", sidecar.uri().toString(),
                "--token-file", tokenFile().toString(), "--timeout", "20").redirectErrorStream(true).start();
        String said = new String(wait.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, wait.waitFor(), said);
    }

    @Test
    void aTokenIsForItsDatabasesOnly() throws Exception {
        start(tokens("token-a = a: orders, stock\ntoken-b = b\n"));
        RawClient allowed = new RawClient(sidecar.uri(), "token-a");
        snapshot("stock", 10).opened(allowed);
        allowed.text(snapshot("other", 10).open());
        JsonNode refusal = refused(ErrorCode.DATABASE_NOT_ALLOWED, allowed);
        assertEquals("[\"orders\",\"stock\"]", refusal.path("allowed").toString());
        assertEquals(1008, allowed.closeCode());
        assertEquals(403, delete("other", "token-a"));
    }

    @Test
    void oneCallerLeavesPlacesToOthers() throws Exception {
        start(tokens("token-a = a\nnew-of-a = a\ntoken-b\n"),
                Map.of("MIRROR_BOOTSTRAP_MAX_LINKS", "4", "MIRROR_BOOTSTRAP_MAX_BOOTSTRAPS", "4"));
        RawClient a = new RawClient(sidecar.uri(), "token-a");
        RawClient more = new RawClient(sidecar.uri(), "new-of-a");
        HttpAnswer refused = upgrade("token-a");
        assertEquals(503, refused.status());
        Answer.Failure why = JsonMessages.failure(refused.text());
        assertEquals(ErrorCode.TOO_MANY_LINKS.spelling(), why.code());
        assertTrue(why.message().contains("max-links-per-caller"), why::message);
        snapshot("one", 10).opened(a);
        snapshot("two", 10).opened(more);
        Answer.Failure tooMany = refused(ErrorCode.TOO_MANY_BOOTSTRAPS, snapshot("three", 10).open(a));
        assertEquals("2", tooMany.fields().get("limit"));
        assertTrue(tooMany.message().contains("max-bootstraps-per-caller"), tooMany.toString());
        assertEquals(1013, a.closeCode());

        RawClient b = new RawClient(sidecar.uri(), "token-b");
        for (String database : List.of("four", "five")) {
            snapshot(database, 10).opened(b);
        }
    }

    @Test
    void whereThereIsOneCallerOnlyItMayTakeEverything() throws Exception {
        start(tokens("old = a\nnew = a\n"), Map.of("MIRROR_BOOTSTRAP_MAX_BOOTSTRAPS", "2"));
        RawClient a = new RawClient(sidecar.uri(), "old");
        for (String database : List.of("one", "two")) {
            snapshot(database, 10).opened(a);
        }
    }

    @Test
    void aCallerThatWasAloneMakesRoomForAnother() throws Exception {
        start(tokens("token-a = a\n"), Map.of("MIRROR_BOOTSTRAP_MAX_LINKS", "4"));
        List<RawClient> ofA = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            ofA.add(new RawClient(sidecar.uri(), "token-a"));
        }
        assertEquals(503, upgrade("token-a").status());
        replace("token-a = a\ntoken-b = b\n");
        patiently().until(() -> get("token-b") == 200);
        RawClient b = new RawClient(sidecar.uri(), "token-b");
        snapshot("of-b", 10).opened(b);
        assertEquals(1013, ofA.get(3).closeCode());
        for (RawClient stays : ofA.subList(0, 3)) {
            stays.ping();
            patiently().until(stays::hasPong);
        }
        assertEquals(503, upgrade("token-a").status());
    }

    @Test
    void aTokenThatIsRemovedEndsWhatItHasOpenIfThatIsChosen() throws Exception {
        start(tokens("old = a\nother = b\n"),
                Map.of("MIRROR_BOOTSTRAP_REMOVED_TOKEN_ENDS_LINKS", "true"));
        RawClient removed = new RawClient(sidecar.uri(), "old");
        RawClient stays = new RawClient(sidecar.uri(), "other");
        snapshot("orders", 10).opened(removed);
        try (PlainSocket watcher = watch("old"); PlainSocket staysToo = watch("other")) {
            replace("# for a moment nobody\n"); // a file that says nothing ends nothing
            patiently().until(() -> sidecar.log().contains("holds no token"));
            replace("new = a\nother = b\n");

            assertEquals(1013, removed.closeCode());
            watcher.rest(); // to its end
            assertLogged("its token is not in auth-token-file any more");
            snapshot("stock", 10).opened(stays);
            staysToo.write("x");
        }
        RawClient back = new RawClient(sidecar.uri(), "new");
        snapshot("orders", 10).opened(back);
    }

    @Test
    void aTokenThatIsRemovedEndsNothingByItself() throws Exception {
        start(tokens("old = a\nother = b\n"));
        RawClient removed = new RawClient(sidecar.uri(), "old");
        replace("other = b\n");
        patiently().until(() -> get("old") == 401);
        snapshot("orders", 10).opened(removed);
    }

    private void replace(String lines) throws IOException {
        Path next = Files.writeString(directory.resolve("tokens.next"), lines);
        Files.move(next, tokenFile(), StandardCopyOption.ATOMIC_MOVE);
    }

    private static TestSnapshot snapshot(String database, int bytes) {
        return TestSnapshot.random(database, bytes);
    }

    private PlainSocket watch(String token) throws IOException {
        PlainSocket socket = PlainSocket.to(sidecar.uri());
        socket.write(
                PlainSocket.request("GET /v1/mirrors/events", "Host: localhost", "Authorization: Bearer " + token));
        assertEquals(200, HttpAnswer.read(socket.in(), false).status());
        return socket;
    }

    @Test
    void whatOneCallerRemovesHidesNothingOfAnotherInTheLog() throws Exception {
        start(tokens("token-a = a\ntoken-b = b\n"));
        HttpClient http = HttpClient.newHttpClient();
        for (String caller : List.of("a", "b")) {
            RawClient source = new RawClient(sidecar.uri(), "token-" + caller);
            HttpRequest removal = HttpRequest
                    .newBuilder(sidecar.uri().resolve("/v1/mirrors/of-" + caller + "?snapshot=true"))
                    .DELETE().header("Authorization", "Bearer token-" + caller).build();
            for (int i = 0; i < (caller.equals("a") ? 300 : 1); i++) { // more than are printed
                snapshot("of-" + caller, 1).committed(source);
                assertEquals(204, http.send(removal, HttpResponse.BodyHandlers.discarding()).statusCode());
            }
        }
        assertLogged("database=of-b");
        patiently().until(() -> sidecar.log().lines()
                .filter(line -> line.contains("removed on request") && line.contains("database=of-b")).count() == 1);
    }

    private int get(String token) throws Exception {
        return ask(HttpRequest.newBuilder(sidecar.uri().resolve("/v1/mirrors")), token).statusCode();
    }

    private int delete(String database, String token) throws Exception {
        return ask(HttpRequest.newBuilder(sidecar.uri().resolve("/v1/mirrors/" + database + "?snapshot=true")).DELETE(),
                token).statusCode();
    }

    private HttpAnswer upgrade(String token) throws IOException {
        try (PlainSocket socket = PlainSocket.to(sidecar.uri())) {
            return socket.write(Upgrade.request("Authorization: Bearer " + token + "\r\n")).read();
        }
    }

    private static HttpResponse<String> ask(HttpRequest.Builder request, String token) throws Exception {
        return HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(20)).build()
                .send(request.header("Authorization", "Bearer " + token).build(), HttpResponse.BodyHandlers.ofString());
    }
}
