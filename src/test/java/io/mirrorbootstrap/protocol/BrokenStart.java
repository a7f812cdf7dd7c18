package io.mirrorbootstrap.protocol;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import io.netty.channel.ChannelDuplexHandler;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.Router;

/** Has a link of a request with the query {@value #QUERY} fail when it is started, behind its upgrade. */
@ApplicationScoped
class BrokenStart {

    static final String QUERY = "start=broken";

    /** What a link calls a handler of its own: there cannot be two. */
    private static final String TAKEN = "flush";

    void register(@Observes Router router) {
        router.route("/v1/bootstrap").order(-1).handler(request -> {
            if (QUERY.equals(request.request().query())) {
                ((ConnectionBase) request.request().connection()).channel().pipeline().addLast(TAKEN,
                        new ChannelDuplexHandler());
            }
            request.next();
        });
    }
}
