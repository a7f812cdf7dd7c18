/**
 * MessagePack and JSON to domain types and back: chunks, control messages, answers, error codes, the records on disk.
 * Spelling lives here and nowhere else.
 * <p>
 * Knows {@code snapshot} only. No rule of the protocol, no I/O, no thread of its own; no reflection either (JSON is read
 * as trees and written field by field), so that it works in a native executable as it stands.
 */
package io.mirrorbootstrap.wire;
