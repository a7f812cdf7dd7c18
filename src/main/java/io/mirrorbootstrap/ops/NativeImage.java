package io.mirrorbootstrap.ops;

import io.quarkus.runtime.annotations.RegisterForReflection;

/**
 * What libraries reach by reflection and a native executable would otherwise leave out. msgpack-core finds the
 * constructors of its buffer by name; which buffer that is, application.properties decides.
 */
@RegisterForReflection(classNames = "org.msgpack.core.buffer.MessageBufferU")
final class NativeImage {

    private NativeImage() {
    }
}
