package io.mirrorbootstrap.mirror;

import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Remains;

/**
 * The {@linkplain Course course} of each database's transfer, the last one of each. Beyond {@link StatusBoard#MAX_ROWS} the one of which
 * nothing has been heard for longest is forgotten: a source that tries name after name must not fill the memory. Any thread.
 */
final class Courses {

    /** Whoever is dropped so has lost what was accepted, and may begin again. */
    private static final Set<DropReason> BEGINS_AGAIN = EnumSet.of(DropReason.LINK_LOST, DropReason.REPLACED,
            DropReason.DAMAGED, DropReason.MISSING);

    private final Map<DatabaseId, Course> byDatabase = Collections
            .synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<DatabaseId, Course> eldest) {
                    return size() > StatusBoard.MAX_ROWS;
                }
            });

    /**
     * Takes the event into account.
     *
     * @param nanos now, by {@link System#nanoTime}
     * @return the course to which it belongs, also where it ends with it; empty where an earlier process began the transfer
     */
    Optional<Course> after(TransferEvent event, long nanos) {
        Course course = byDatabase.get(event.database());
        if (event instanceof TransferEvent.Began began) {
            return Optional.of(begin(began, course, nanos));
        } else if (course == null) {
            return Optional.empty();
        } else if (event instanceof TransferEvent.Progressed progressed) {
            course.accepted(progressed.bytesDone());
        } else if (event instanceof TransferEvent.Kept kept) {
            course.accepted(kept.bytesKept());
        } else if (event instanceof TransferEvent.Dropped dropped) {
            course.accepted(dropped.bytesDone());
            endUnless(BEGINS_AGAIN.contains(dropped.reason()), event);
        } else if (event instanceof TransferEvent.Failed failed) {
            endUnless(failed.remains() != Remains.NOTHING, event); // its commit is finished later
        } else if (event instanceof TransferEvent.Committed committed) {
            endUnless(false, event);
            return Optional.of(course).filter(any -> any.isOf(committed.snapshot()));
        }
        return Optional.of(course);
    }

    private Course begin(TransferEvent.Began began, Course before, long nanos) {
        if (before != null && before.isOf(began.identity())) {
            before.resumed(began.bytesDone(), nanos);
            return before;
        }
        Course course = new Course(began, nanos);
        byDatabase.put(began.database(), course);
        return course;
    }

    private void endUnless(boolean goesOn, TransferEvent event) {
        if (!goesOn) {
            byDatabase.remove(event.database());
        }
    }
}
