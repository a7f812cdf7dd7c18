package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferEvent.VerifyReason;

/** Somebody changes, replaces or moves the partial file: nothing of it is believed, at whatever moment that is done. */
class TouchedFilesTest extends ReceiverOnFiles {

    /** What is done to a file. */
    enum Touch {
        EDITED {
            @Override
            void run(Path file, Path elsewhere) throws IOException {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.write(ByteBuffer.wrap("changed".getBytes()), 0);
                }
            }
        },
        REPLACED {
            @Override
            void run(Path file, Path elsewhere) throws IOException {
                byte[] bytes = Files.readAllBytes(file);
                System.arraycopy("changed".getBytes(), 0, bytes, 0, 7);
                Files.move(Files.write(elsewhere, bytes), file, StandardCopyOption.REPLACE_EXISTING);
            }
        };

        abstract void run(Path file, Path elsewhere) throws IOException;
    }

    @Test
    void aFileThatWasReplacedWhenTheLinkDropsIsNotKept() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 1000);
        Touch.REPLACED.run(directory.partial(DB), data.resolve("other"));
        receiver.disconnected(one, KeptReason.LINK_LOST);

        assertInstanceOf(TransferEvent.Failed.class, events.get(events.size() - 1));
        assertBeginsAtZero();
    }

    @Test
    void norOneThatWasMovedAwayThoughAnotherComesInItsPlace() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 1000);
        Files.move(directory.partial(DB), data.resolve("moved"));
        receiver.disconnected(one, KeptReason.LINK_LOST);
        Files.write(directory.partial(DB), new byte[1000]);

        assertBeginsAtZero();
    }

    @Test
    void norIsItTakenOver() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 1000);
        Touch.REPLACED.run(directory.partial(DB), data.resolve("replacement"));
        assertInstanceOf(OpenOutcome.Refused.class, receiver.open(other, identity));
        receiver.disconnected(one, KeptReason.LINK_LOST); // as it has been superseded

        assertBeginsAtZero();
    }

    @Test
    void whatIsForcedUnderNoNameIsNotCalledDurable() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 1000);
        Touch.REPLACED.run(directory.partial(DB), data.resolve("other"));

        ChunkOutcome outcome = send(one, 1000, 2 * 1024 * 1024); // as much as has to be durable

        assertInstanceOf(Refusal.Transport.class,
                assertInstanceOf(ChunkOutcome.Refused.class, outcome).refusal());
        assertTrue(directory.records().checkpoint(DB).isEmpty());
        assertBeginsAtZero();
    }

    @ParameterizedTest
    @EnumSource
    void aPartThatWasReadBackIsNotBelievedWhenTheFileIsTouchedAfterwards(Touch touch) throws Exception {
        leave(whole.length - 1);
        receiver.open(one, identity); // one part is read
        receiver.disconnected(one, KeptReason.LINK_LOST);
        touch.run(directory.partial(DB), data.resolve("other"));

        assertBeginsAtZero();
        assertTouchedIsTold(other);
        assertTrue(events.contains(new TransferEvent.Dropped(identity, whole.length - 1, DropReason.DAMAGED)),
                events::toString);
    }

    @ParameterizedTest
    @EnumSource
    void norWhenItIsTouchedBetweenTwoPartsWithTheSourceThere(Touch touch) throws Exception {
        leave(whole.length - 1);
        receiver.open(other, identity);
        touch.run(directory.partial(DB), data.resolve("other"));

        assertBeginsAtZero();
        assertTouchedIsTold(other);
    }

    @ParameterizedTest
    @EnumSource
    void norWhenAllOfItWasRead(Touch touch) throws Exception {
        leave(whole.length - 1);
        OpenOutcome.Verifying verifying = (OpenOutcome.Verifying) receiver.open(one, identity);
        while (verifying.bytesRead() < verifying.bytesKept() / 2) {
            verifying = (OpenOutcome.Verifying) receiver.open(one, identity); // the last time, the third part is read behind it
        }
        receiver.disconnected(one, KeptReason.LINK_LOST);
        touch.run(directory.partial(DB), data.resolve("other"));

        assertBeginsAtZero();
        assertTouchedIsTold(other);
    }

    @Test
    void aFileThatWasTouchedAndHasItsBytesStillGoesOn() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 20 * 1024 * 1024);
        receiver.disconnected(one, KeptReason.LINK_LOST);
        byte[] bytes = Files.readAllBytes(directory.partial(DB));
        Files.move(Files.write(data.resolve("copy"), bytes), directory.partial(DB),
                StandardCopyOption.REPLACE_EXISTING);

        TestSource.assertOpened(bytes.length, TestSource.open(receiver, other, identity));

        assertTouchedIsTold(other);
        assertInstanceOf(ChunkOutcome.Committed.class, send(other, bytes.length, whole.length));
        assertArrayEquals(whole, Files.readAllBytes(directory.snapshot(DB)));
    }

    private void assertTouchedIsTold(Source source) {
        assertTrue(events.stream().anyMatch(event -> event instanceof TransferEvent.Verifying verifying
                && verifying.reason() == VerifyReason.TOUCHED && verifying.address().equals(source.address())),
                events::toString);
    }

    private void assertBeginsAtZero() throws IOException {
        TestSource.assertOpened(0, TestSource.open(receiver, other, identity));
        assertFalse(Files.exists(directory.snapshot(DB)));
        assertInstanceOf(ChunkOutcome.Committed.class, send(other, 0, whole.length));
        assertArrayEquals(whole, Files.readAllBytes(directory.snapshot(DB)));
    }
}
