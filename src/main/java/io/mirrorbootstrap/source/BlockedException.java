package io.mirrorbootstrap.source;

import java.io.IOException;

/** There is no way to the other side, or it does not give what it was asked for. */
public final class BlockedException extends IOException {

    private static final long serialVersionUID = 1;

    private final transient Obstacle obstacle;

    BlockedException(Obstacle obstacle) {
        super(obstacle.message());
        this.obstacle = obstacle;
    }

    /** What stands in between. */
    public Obstacle obstacle() {
        return obstacle;
    }
}
