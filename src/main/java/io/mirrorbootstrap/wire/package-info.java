/**
 * MessagePack and JSON to domain types and back: chunks, control messages, answers, error codes, the records on disk; and the texts
 * that both ends read: lines of token files, blocks of addresses; by which looks both ends judge a silence; and how
 * both mask.
 * <p>
 * The names of fields stand in {@link io.mirrorbootstrap.wire.Fields}, the spelling of refusals in
 * {@link io.mirrorbootstrap.wire.ErrorCode}, and nowhere else. {@code api} writes the rows that
 * {@link io.mirrorbootstrap.wire.MirrorStatus} reads.
 * <p>
 * Knows {@code snapshot} only. No rule of the protocol, no I/O, no thread of its own; no reflection either (JSON is read
 * as trees and written field by field), so that it works in a native executable as it stands.
 */
package io.mirrorbootstrap.wire;
