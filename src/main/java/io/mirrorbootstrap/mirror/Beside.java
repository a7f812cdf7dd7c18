package io.mirrorbootstrap.mirror;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.DatabaseId;

/** Does on one other thread, for one database after the other, what may take hours. */
record Beside(Executor helpers) {

    private static final Logger LOG = Logger.getLogger(Beside.class);

    /** @param whenOver is run in any case, also where there is no other thread */
    void run(List<DatabaseId> databases, Consumer<DatabaseId> action, Runnable whenOver) {
        run(() -> databases.forEach(action), whenOver);
    }

    /** The same, where {@code all} is known meanwhile only. */
    void run(Runnable all, Runnable whenOver) {
        try {
            helpers.execute(() -> {
                try {
                    all.run();
                } finally {
                    whenOver.run();
                }
            });
        } catch (RejectedExecutionException e) {
            // no thread, or the process is ending: the next round, or the source when it comes back, asks again
            LOG.debugf("nothing is read now: %s", e);
            whenOver.run();
        }
    }
}
