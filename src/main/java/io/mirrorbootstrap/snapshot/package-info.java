/**
 * The domain: one snapshot arriving and becoming durable. All rules of the protocol (offset, identity, CRC, size,
 * commit) stand here, once.
 * <p>
 * Where to begin: {@link io.mirrorbootstrap.snapshot.SnapshotReceiver} is one database, for its callers. It keeps a
 * {@code Reception}, all that may be done with the lock held, in a {@code Guarded}, which gives it out with the lock held
 * only. The {@code Phase} says where the transfer stands, {@code Admission} who is refused, {@code Opening} and
 * {@code Acceptance} are one open and one whole chunk, {@code FirstChunk} and {@code NextChunk} a chunk on its way.
 * {@link io.mirrorbootstrap.snapshot.SnapshotDirectory} is what all databases share: {@code CommitProtocol} is how a snapshot
 * is committed, {@code Recovery} how a start reads each state that a crash may leave.
 * <p>
 * JDK only: no framework, no format of messages or records, no logging. Of this project it knows {@code store} alone, through
 * which all files are reached; it speaks to others through {@link io.mirrorbootstrap.snapshot.TransferListener} and
 * {@link io.mirrorbootstrap.snapshot.Source}.
 */
package io.mirrorbootstrap.snapshot;
