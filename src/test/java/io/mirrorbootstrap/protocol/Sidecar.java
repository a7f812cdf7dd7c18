package io.mirrorbootstrap.protocol;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.wire.Answer;

/** The receiving side as a scenario meets it: the domain called directly, or a service behind a real port. */
interface Sidecar {

    /** A new link to it. */
    Link link() throws Exception;

    /** Where it keeps snapshots. */
    SnapshotDirectory snapshots();

    /** What it hears of transfers. */
    Recorder recorder();

    StatusBoard board();

    /** Where the files are. */
    default Path directory() {
        return snapshots().path();
    }

    /** What became of transfers of this database so far, in order. */
    default List<TransferEvent> events(String database) {
        return recorder().events(database);
    }

    /** The status board's word for it, or "absent". */
    default String status(String database) {
        return StatusWord.of(board().mirror(new DatabaseId(database)));
    }

    /** A link to the sidecar; answers are as a source reads them. */
    interface Link {

        /** Sends a chunk and waits for its answer. */
        default Answer send(TestChunk chunk) throws Exception {
            return send(chunk, TestChunk.Form.MAP_DATA_LAST);
        }

        Answer send(TestChunk chunk, TestChunk.Form form) throws Exception;

        Answer open(TestChunk anyOfIt) throws Exception;

        Answer abort(String database) throws Exception;

        /** Gone, without a word; returns when the sidecar has noticed. */
        void drop() throws IOException;
    }
}
