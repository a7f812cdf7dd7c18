package io.mirrorbootstrap.archive;

import java.time.Instant;

/**
 * What an archive says of a member.
 *
 * @param name plain, see {@link MemberName}; empty for the directory itself
 * @param target of a link: what it leads to, as the archive has it; else empty
 * @param permissions of reading, writing and running: no other bits
 * @param size of a file, in bytes, 0 or more; else 0
 */
record Entry(String name, Member.Kind kind, String target, int permissions, Instant modified, long size) {
}
