package io.mirrorbootstrap.link;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.wire.Answer;

/** What became of a message that was gone on with. */
sealed interface Further {

    /** It is finished. */
    record Answered(Answer answer) implements Further {
    }

    /** The answer, if it is finished. */
    default Optional<Answer> ifAnswered() {
        return this instanceof Answered answered ? Optional.of(answered.answer()) : Optional.empty();
    }

    /** It is finished: {@code snapshot} is committed, at {@code path}. */
    static Further committed(CommittedSnapshot snapshot, Path path) {
        return new Answered(new Answer.Committed(snapshot.database(), snapshot.lsn(), snapshot.bytes(),
                snapshot.crc32c(), path.toString(), snapshot.notes().position()));
    }

    /** It is finished: refused. */
    static Further refused(Refusal refusal, DatabaseId database) {
        return new Answered(new Answer.Refused(refusal, Optional.of(database)));
    }

    /** It got further: ask again, if it is still unfinished. */
    record GoingOn() implements Further {
    }

    /** It did not, as the disk is at work for its database: ask again in a while. */
    record Busy() implements Further {
    }

    /** It did not, as others decode their chunks: ask again when {@code over} is done, or in a while. */
    record OthersDecode(CompletableFuture<Void> over) implements Further {
    }
}
