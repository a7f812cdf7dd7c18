package io.mirrorbootstrap.source;

import java.io.IOException;

/** There is no way to the sidecar. */
final class BlockedException extends IOException {

    private static final long serialVersionUID = 1;

    private final transient Obstacle obstacle;

    BlockedException(Obstacle obstacle) {
        super(obstacle.message());
        this.obstacle = obstacle;
    }

    Obstacle obstacle() {
        return obstacle;
    }
}
