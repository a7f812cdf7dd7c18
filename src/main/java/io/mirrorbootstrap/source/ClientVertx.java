package io.mirrorbootstrap.source;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.impl.VertxBuilder;

/** What a client has of Vert.x: one event loop, and neither files in a cache nor a class path to look at. */
final class ClientVertx {

    /** Names are resolved as by all other programs here: the DNS client that Vert.x would take is not in the build. */
    private static final String SYSTEM_RESOLVER = "vertx.disableDnsResolver";

    private ClientVertx() {
    }

    static Vertx create(BoundedTransport transport) {
        System.setProperty(SYSTEM_RESOLVER, "true");
        return new VertxBuilder(new VertxOptions().setEventLoopPoolSize(1).setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)))
                .findTransport(transport).init().vertx();
    }
}
