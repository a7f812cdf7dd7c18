package io.mirrorbootstrap.protocol;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.snapshot.TransferEvent;

/** The receiving side as a scenario meets it: the domain called directly, or a service behind a real port. */
interface Sidecar {

    /** A new link to it. */
    Link link() throws Exception;

    /** Where the files are. */
    Path directory();

    /** What became of transfers of this database so far, in order. */
    List<TransferEvent> events(String database);

    /** The status board's word for it, or "absent". */
    String status(String database);

    /** A link to the sidecar. */
    interface Link {

        /** Sends a chunk and waits for its answer. */
        default JsonNode send(TestChunk chunk) throws Exception {
            return send(chunk, TestChunk.Form.MAP_DATA_LAST);
        }

        JsonNode send(TestChunk chunk, TestChunk.Form form) throws Exception;

        JsonNode open(TestChunk anyOfIt) throws Exception;

        JsonNode abort(String database) throws Exception;

        /** Gone, without a word; returns when the sidecar has noticed. */
        void drop() throws IOException;
    }
}
